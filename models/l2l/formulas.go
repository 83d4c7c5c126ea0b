package l2l

// The formulas of the attackers, for graphs and for the engine alike. T is a node of a graph, or an
// image batch of the engine.

// An algebra computes with images [b, c, h, w] of a round.
type algebra[T any] interface {
	// attack returns the attacker's change of the images that it sees, within epsilon.
	attack(seen T) T
	// withGradient joins images with the gradient of the round's objective in them. The gradient is
	// a constant, divided by its largest absolute value in the batch; if it is all zero, it stays
	// zero. These passes are in the classifier's mode. In training mode they update its running
	// statistics, too.
	withGradient(x T) T
	// constant returns x, through which no gradient goes.
	constant(x T) T
	add(x, y T) T
	sub(x, y T) T
	scale(x T, by float64) T
	clip(x T, low, high float64) T
}

// A formula is the change that an attacker adds to images x, or the result of moving a start x.
type formula[T any] func(g algebra[T], r Recipe, x T) T

// A perturb is a formula for both.
type perturb struct {
	graph  formula[*node]
	engine formula[*wave]
}

// naive L2L: the input of the attacker is the images.
func naive[T any](g algebra[T], _ Recipe, x T) T { return g.attack(x) }

// grad L2L: the input is the images and the gradient of the classifier's loss in them, both as
// constants.
func grad[T any](g algebra[T], _ Recipe, x T) T { return g.attack(g.constant(g.withGradient(x))) }

// twoStep L2L: like grad, twice. In the second move the images remain functions of the first move;
// only their gradient is a constant.
func twoStep[T any](g algebra[T], r Recipe, x T) T {
	first := g.attack(g.constant(g.withGradient(x)))
	second := g.attack(g.withGradient(g.clip(g.add(x, first), 0, 1)))
	return g.clip(g.add(first, second), -r.Settings.Epsilon, r.Settings.Epsilon)
}

// kStep L2L: k moves, each with step/epsilon times the length of grad's and clipped to [0, 1]. The
// input of the attacker is constant; only its moves are functions of its weights. Epsilon bounds
// only the sum of the moves.
func kStep[T any](g algebra[T], r Recipe, x T) T {
	epsilon := r.Settings.Epsilon
	if epsilon == 0 {
		return g.scale(x, 0) // step/epsilon is no number
	}
	at := x
	for range r.Moves() {
		move := g.scale(g.attack(g.constant(g.withGradient(at))), r.step()/epsilon)
		at = g.clip(g.add(at, move), 0, 1)
	}
	return g.clip(g.sub(at, x), -epsilon, epsilon)
}

// gradPull is the pull of Grad L2L with interpolation: it moves a start towards the partners. The
// result is not yet kept within bounds. The script smooths labels by 0.5.
func gradPull[T any](g algebra[T], _ Recipe, start T) T {
	return g.add(start, g.attack(g.constant(g.withGradient(start))))
}

// twoStepPull is the pull of 2-Step L2L. The second move starts from the images after the first
// one, clipped to [0, 1], and is differentiated through them. The script smooths labels by 0.9.
func twoStepPull[T any](g algebra[T], _ Recipe, start T) T {
	at := g.clip(g.add(start, g.attack(g.constant(g.withGradient(start)))), 0, 1)
	return g.add(at, g.attack(g.withGradient(at)))
}
