package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/nn"
)

// A Turn is whose turn it is. The network that moves is in training mode, the other one in
// evaluation mode.
type Turn int

const (
	ClassifiersTurn Turn = iota
	AttackersTurn
)

// A round is one loss of the game being built.
type round struct {
	recipe                       Recipe
	classifier, attacker         *nn.Bound
	classifierMode, attackerMode nn.Mode
	objective                    ascent.Objective // whose gradient the attacker sees
	inner                        []*Node          // losses where gradients were taken
}

// attack is the attacker's move, within epsilon.
func (g *round) attack(seen *Node) *Node {
	return g.attacker.Perturb(seen, g.attackerMode, g.epsilon())
}

func (g *round) epsilon() float64 { return g.recipe.Settings.Epsilon }

// withGradient joins images with the gradient of the objective in them, a constant, divided by
// its largest absolute value in the batch. An all-zero gradient remains zero. These passes are
// in the classifier's mode, so in training mode they move its running statistics, too.
func (g *round) withGradient(x *Node) *Node {
	value, gradient := ascent.ValueGradient(g.objective, x)
	g.inner = append(g.inner, value)
	largest := ReduceAllMax(Abs(gradient))
	largest = Where(Equal(largest, ZerosLike(largest)), OnesLike(largest), largest)
	return Concatenate([]*Node{x, StopGradient(Div(gradient, largest))}, 1)
}

// A perturb builds what an attacker adds to images.
type perturb func(g *round, x *Node) *Node

// naive L2L: the attacker sees the images.
func naive(g *round, x *Node) *Node { return g.attack(x) }

// grad L2L: it sees the images and the gradient of the classifier's loss in them, both
// constants.
func grad(g *round, x *Node) *Node { return g.attack(StopGradient(g.withGradient(x))) }

// twoStep L2L: the same twice. The second time the attacker sees images that remain functions
// of its first move; only their gradient is a constant.
func twoStep(g *round, x *Node) *Node {
	first := g.attack(StopGradient(g.withGradient(x)))
	second := g.attack(g.withGradient(ClipScalar(Add(x, first), 0, 1)))
	return ClipScalar(Add(first, second), -g.epsilon(), g.epsilon())
}

// kStep L2L: k moves, each of step/epsilon times the length of grad's and kept in [0, 1]. All
// that the attacker sees is constant; only its moves are functions of its weights. Epsilon
// bounds the sum of the moves alone.
func kStep(g *round, x *Node) *Node {
	if g.epsilon() == 0 {
		return ZerosLike(x) // step/epsilon is no number
	}
	at := x
	for range g.recipe.Moves() {
		move := MulScalar(g.attack(StopGradient(g.withGradient(at))), g.recipe.step()/g.epsilon())
		at = ClipScalar(Add(at, move), 0, 1)
	}
	return ClipScalar(Sub(at, x), -g.epsilon(), g.epsilon())
}

// A GameLoss is what the classifier lowers and the attacker raises, and how it came about.
type GameLoss struct {
	Loss     *Node
	Attacked *Node   // the images [b, c, h, w]
	Total    *Node   // what was added to them, before they were cut off at 0 and 1
	Logits   *Node   // of the attacked images
	Inner    []*Node // losses at the images whose gradient the attacker saw
}

// Loss is the cross-entropy at the attacked images, f(clip(x + g(A), 0, 1)), of a game that
// does not interpolate.
func (r Recipe) Loss(turn Turn, classifier, attacker *nn.Bound, x, labels *Node) GameLoss {
	g := &round{recipe: r, classifier: classifier, attacker: attacker, classifierMode: nn.Training}
	if turn == AttackersTurn {
		g.classifierMode, g.attackerMode = nn.Evaluation, nn.Training
	}
	total, attacked := g.perturbed(x, labels)
	logits := classifier.Logits(attacked, g.classifierMode)
	return GameLoss{nn.CrossEntropy(logits, labels), attacked, total, logits, g.inner}
}

func (g *round) perturbed(x, labels *Node) (total, attacked *Node) {
	g.objective = ascent.Mistake(g.classifier.Classifier(g.classifierMode), labels)
	total = g.recipe.Method.perturb(g, x)
	return total, ClipScalar(Add(x, total), 0, 1)
}

// Attacked is what a trained attacker makes of images, both networks in evaluation mode. Only
// an attacker that interpolates uses the start.
func (r Recipe) Attacked(classifier, attacker *nn.Bound, x, start, labels *Node) (attacked *Node) {
	g := &round{recipe: r, classifier: classifier, attacker: attacker}
	if r.Method.Interpolates() {
		attacked, _ = g.interpolate(x, start)
	} else {
		_, attacked = g.perturbed(x, labels)
	}
	return attacked
}
