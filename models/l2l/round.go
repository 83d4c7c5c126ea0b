package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/graphs"
	"foil/models/nn"
)

// node is a node of a graph, for the formulas.
type node = Node

// A Turn is a turn of the classifier or the attacker. The network whose turn it is is in training
// mode, the other one in evaluation mode.
type Turn int

const (
	ClassifiersTurn Turn = iota
	AttackersTurn
)

// A round builds one loss of the game in a graph. It is the algebra of graphs.
type round struct {
	recipe                       Recipe
	classifier, attacker         *graphs.Bound
	classifierMode, attackerMode nn.Mode
	objective                    ascent.Objective // its gradient is part of the attacker's input
	inner                        []*Node          // the losses whose gradients were taken
	flat                         []*Node          // by gradient that the attacker saw: 1 if it is zero in every value
}

// attack returns the attacker's change of the images, within epsilon.
func (g *round) attack(seen *Node) *Node {
	return g.attacker.Perturb(seen, g.attackerMode, g.epsilon())
}

func (g *round) epsilon() float64 { return g.recipe.Settings.Epsilon }

func (g *round) withGradient(x *Node) *Node {
	value, gradient := ascent.ValueGradient(g.objective, x)
	g.inner = append(g.inner, value)
	largest := ReduceAllMax(Abs(gradient))
	none := Equal(largest, ZerosLike(largest))
	g.flat = append(g.flat, ConvertDType(none, x.DType()))
	largest = Where(none, OnesLike(largest), largest)
	return Concatenate([]*Node{x, StopGradient(Div(gradient, largest))}, 1)
}

func (g *round) constant(x *Node) *Node                { return StopGradient(x) }
func (g *round) add(x, y *Node) *Node                  { return Add(x, y) }
func (g *round) sub(x, y *Node) *Node                  { return Sub(x, y) }
func (g *round) scale(x *Node, by float64) *Node       { return MulScalar(x, by) }
func (g *round) clip(x *Node, low, high float64) *Node { return ClipScalar(x, low, high) }

// A GameLoss is the loss that the classifier minimises and the attacker maximises, with
// intermediate results.
type GameLoss struct {
	Loss     *Node
	Attacked *Node   // the images [b, c, h, w]
	Total    *Node   // the change of the images before they were clipped to [0, 1]
	Logits   *Node   // of the attacked images
	Inner    []*Node // losses at the images whose gradient was in the attacker's input
	Flat     *Node   // how many of these gradients are zero in every value
}

// Loss is the cross-entropy at the attacked images, f(clip(x + g(A), 0, 1)), of a game that
// does not interpolate.
func (r Recipe) Loss(turn Turn, classifier, attacker *graphs.Bound, x, labels *Node) GameLoss {
	g := &round{recipe: r, classifier: classifier, attacker: attacker, classifierMode: nn.Training}
	if turn == AttackersTurn {
		g.classifierMode, g.attackerMode = nn.Evaluation, nn.Training
	}
	total, attacked := g.perturbed(x, labels)
	logits := classifier.Logits(attacked, g.classifierMode)
	return GameLoss{graphs.CrossEntropy(logits, labels), attacked, total, logits, g.inner, g.flats(x)}
}

// flats is the number of gradients that are zero in every value.
func (g *round) flats(x *Node) *Node {
	sum := ScalarZero(x.Graph(), x.DType())
	for _, n := range g.flat {
		sum = Add(sum, n)
	}
	return StopGradient(sum)
}

func (g *round) perturbed(x, labels *Node) (total, attacked *Node) {
	g.objective = ascent.Mistake(g.classifier.Classifier(g.classifierMode), labels)
	total = g.recipe.Method.perturb.graph(g, g.recipe, x)
	return total, ClipScalar(Add(x, total), 0, 1)
}

// Attacked returns images under attack by a trained attacker, with both networks in evaluation
// mode. Only an attacker that interpolates uses the start.
func (r Recipe) Attacked(classifier, attacker *graphs.Bound, x, start, labels *Node) (attacked *Node) {
	g := &round{recipe: r, classifier: classifier, attacker: attacker}
	if r.Method.Interpolates() {
		attacked, _ = g.interpolate(x, start)
	} else {
		_, attacked = g.perturbed(x, labels)
	}
	return attacked
}
