package l2l

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// A Variant is what the attacker of the game sees, and how often it moves.
type Variant struct {
	Name     string
	Channels int // that the attacker sees
	Passes   int // of a step through the classifier in training mode

	perturb func(g *round, x *Node) *Node // what is added to the images
	pull    pull                          // instead, where the variant interpolates
	smooth  float64                       // the classifier's labels then
}

// Naive L2L: the attacker sees the images.
func Naive() Variant {
	return Variant{Name: "naive", Channels: imageChannels, Passes: 1, perturb: func(g *round, x *Node) *Node { return g.attack(x) }}
}

// Grad L2L: it sees the images and the gradient of the classifier's loss in them,
// both constants.
func Grad() Variant {
	return Variant{Name: "grad", Channels: 2 * imageChannels, Passes: 2, perturb: func(g *round, x *Node) *Node {
		return g.attack(StopGradient(g.withGradient(x)))
	}}
}

// TwoStep L2L: the same twice. The second time it sees images that remain
// functions of its first move; only their gradient is a constant.
func TwoStep() Variant {
	return Variant{Name: "2-step", Channels: 2 * imageChannels, Passes: 3, perturb: func(g *round, x *Node) *Node {
		first := g.attack(StopGradient(g.withGradient(x)))
		second := g.attack(g.withGradient(ClipScalar(Add(x, first), 0, 1)))
		return ClipScalar(Add(first, second), -g.epsilon, g.epsilon)
	}}
}

// KStep L2L: k moves, each as long as step/epsilon of Grad's and kept in [0, 1].
// All that the attacker sees is constant, only the way that the moves lead is not,
// and epsilon bounds it only at the end.
func KStep(k int, step float64) Variant {
	return Variant{Name: fmt.Sprintf("%d-step", k), Channels: 2 * imageChannels, Passes: k + 1, perturb: func(g *round, x *Node) *Node {
		if g.epsilon == 0 {
			return ZerosLike(x) // step/epsilon is no number
		}
		at := x
		for range k {
			move := MulScalar(g.attack(StopGradient(g.withGradient(at))), step/g.epsilon)
			at = ClipScalar(Add(at, move), 0, 1)
		}
		return ClipScalar(Sub(at, x), -g.epsilon, g.epsilon)
	}}
}

// A Turn is whose turn it is. The one that moves is in training mode, the other one
// in evaluation mode.
type Turn int

const (
	ClassifiersTurn Turn = iota
	AttackersTurn
)

// round is one loss of the game being built.
type round struct {
	classifier, attacker         *Bound
	classifierMode, attackerMode Mode
	objective                    Objective // whose gradient the attacker sees
	epsilon                      float64
	inner                        []*Node // losses where gradients were taken
}

// attack is the attacker's move, within epsilon.
func (g *round) attack(seen *Node) *Node { return g.attacker.Perturb(seen, g.attackerMode, g.epsilon) }

// withGradient joins images with the gradient of the objective in them, a constant,
// divided by its largest absolute value in the batch. An all-zero gradient remains zero. These passes are in the mode of the classifier's turn, so
// in training mode they move its running statistics, too.
func (g *round) withGradient(x *Node) *Node {
	value, gradient := valueGradient(g.objective, x)
	g.inner = append(g.inner, value)
	largest := ReduceAllMax(Abs(gradient))
	largest = Where(Equal(largest, ZerosLike(largest)), OnesLike(largest), largest)
	return Concatenate([]*Node{x, StopGradient(Div(gradient, largest))}, 1)
}

// A GameLoss is what the classifier lowers and the attacker raises, with what led
// to it.
type GameLoss struct {
	Loss     *Node
	Attacked *Node   // the images [b, c, h, w]
	Total    *Node   // what was added to them, before they were cut off at 0 and 1
	Logits   *Node   // of the attacked images
	Inner    []*Node // losses at the images whose gradient the attacker saw
}

// Loss is the cross-entropy at the attacked images, f(clip(x + g(A), 0, 1)), of a
// variant that does not interpolate.
func (v Variant) Loss(turn Turn, classifier, attacker *Bound, x, labels *Node, epsilon float64) GameLoss {
	g := &round{classifier: classifier, attacker: attacker, epsilon: epsilon, classifierMode: Training}
	if turn == AttackersTurn {
		g.classifierMode, g.attackerMode = Evaluation, Training
	}
	total, attacked := v.attack(g, x, labels)
	logits := classifier.Logits(attacked, g.classifierMode)
	return GameLoss{CrossEntropy(logits, labels), attacked, total, logits, g.inner}
}

func (v Variant) attack(g *round, x, labels *Node) (total, attacked *Node) {
	g.objective = Mistake(g.classifier.Classifier(g.classifierMode), labels)
	total = v.perturb(g, x)
	return total, ClipScalar(Add(x, total), 0, 1)
}

// Attacked is what a trained attacker makes of images, both networks in evaluation
// mode. Only variants that interpolate make something of the start.
func (v Variant) Attacked(classifier, attacker *Bound, x, start, labels *Node, epsilon float64) (attacked *Node) {
	g := &round{classifier: classifier, attacker: attacker, epsilon: epsilon}
	if v.Interpolates() {
		attacked, _ = v.interpolate(g, x, start)
	} else {
		_, attacked = v.attack(g, x, labels)
	}
	return attacked
}
