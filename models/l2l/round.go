package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/nn"
)

// A Turn is a turn of the classifier or the attacker. The network whose turn it is is in training
// mode, the other one in evaluation mode.
type Turn int

const (
	ClassifiersTurn Turn = iota
	AttackersTurn
)

// A round builds one loss of the game.
type round struct {
	recipe                       Recipe
	classifier, attacker         *nn.Bound
	classifierMode, attackerMode nn.Mode
	objective                    ascent.Objective // its gradient is part of the attacker's input
	inner                        []*Node          // the losses whose gradients were taken
}

// attack returns the attacker's change of the images, within epsilon.
func (g *round) attack(seen *Node) *Node {
	return g.attacker.Perturb(seen, g.attackerMode, g.epsilon())
}

func (g *round) epsilon() float64 { return g.recipe.Settings.Epsilon }

// withGradient joins images with the gradient of the objective in them. The gradient is a constant,
// divided by its largest absolute value in the batch; if it is all zero, it stays zero. These
// passes are in the classifier's mode. In training mode they update its running statistics, too.
func (g *round) withGradient(x *Node) *Node {
	value, gradient := ascent.ValueGradient(g.objective, x)
	g.inner = append(g.inner, value)
	largest := ReduceAllMax(Abs(gradient))
	largest = Where(Equal(largest, ZerosLike(largest)), OnesLike(largest), largest)
	return Concatenate([]*Node{x, StopGradient(Div(gradient, largest))}, 1)
}

// A perturb builds the change that an attacker adds to images.
type perturb func(g *round, x *Node) *Node

// naive L2L: the input of the attacker is the images.
func naive(g *round, x *Node) *Node { return g.attack(x) }

// grad L2L: the input is the images and the gradient of the classifier's loss in them, both as
// constants.
func grad(g *round, x *Node) *Node { return g.attack(StopGradient(g.withGradient(x))) }

// twoStep L2L: like grad, twice. In the second move the images remain functions of the first move;
// only their gradient is a constant.
func twoStep(g *round, x *Node) *Node {
	first := g.attack(StopGradient(g.withGradient(x)))
	second := g.attack(g.withGradient(ClipScalar(Add(x, first), 0, 1)))
	return ClipScalar(Add(first, second), -g.epsilon(), g.epsilon())
}

// kStep L2L: k moves, each with step/epsilon times the length of grad's and clipped to [0, 1]. The
// input of the attacker is constant; only its moves are functions of its weights. Epsilon bounds
// only the sum of the moves.
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

// A GameLoss is the loss that the classifier minimises and the attacker maximises, with
// intermediate results.
type GameLoss struct {
	Loss     *Node
	Attacked *Node   // the images [b, c, h, w]
	Total    *Node   // the change of the images before they were clipped to [0, 1]
	Logits   *Node   // of the attacked images
	Inner    []*Node // losses at the images whose gradient was in the attacker's input
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

// Attacked returns images under attack by a trained attacker, with both networks in evaluation
// mode. Only an attacker that interpolates uses the start.
func (r Recipe) Attacked(classifier, attacker *nn.Bound, x, start, labels *Node) (attacked *Node) {
	g := &round{recipe: r, classifier: classifier, attacker: attacker}
	if r.Method.Interpolates() {
		attacked, _ = g.interpolate(x, start)
	} else {
		_, attacked = g.perturbed(x, labels)
	}
	return attacked
}
