package l2l

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/nn"
)

// A GameConfig describes the training of a classifier and an attacker network.
type GameConfig struct {
	Recipe     Recipe // a method with an attacker network
	Backend    compute.Backend
	Networks   [2]*nn.Network // by Turn: the classifier, the attacker
	Optimizers [2]Optimizer   // by Turn
}

// A Game trains a classifier and an attacker against each other: min over f, max
// over g of CE(f(clip(x + g(A), 0, 1)), y). It is not safe for concurrent use.
type Game struct {
	Weights [2]*nn.Weights // by Turn

	config   GameConfig
	learners [2]learner
	turns    [2]*Exec
	steps    int
}

// The names of the two networks.
const (
	classifierName = "classifier"
	attackerName   = "attacker"
)

// NewGame starts from the given weights, which it changes.
func NewGame(c GameConfig, classifier, attacker *nn.Weights) (*Game, error) {
	g := &Game{Weights: [2]*nn.Weights{classifier, attacker}, config: c}
	for turn, name := range []string{classifierName, attackerName} {
		l, err := newLearner(name, g.Weights[turn], c.Optimizers[turn])
		if err != nil {
			return nil, err
		}
		g.learners[turn] = l
	}
	if !c.Recipe.Method.HasAttacker() {
		return nil, fmt.Errorf("method %q has no attacker network", c.Recipe.Method.Name)
	}
	turns := [2]func(in []*Node) []*Node{
		func(in []*Node) []*Node { return g.turn(ClassifiersTurn, in) },
		func(in []*Node) []*Node { return g.turn(AttackersTurn, in) },
	}
	if c.Recipe.Method.Interpolates() {
		turns = [2]func(in []*Node) []*Node{g.smoothedTurn, g.pullingTurn}
	}
	for turn, build := range turns {
		exec, err := backend.Compile(c.Backend, build)
		if err != nil {
			return nil, err
		}
		g.turns[turn] = exec
	}
	return g, nil
}

// bind takes the nodes of both networks' weights, the attacker's first, and optionally the
// classifier's masks.
func (g *Game) bind(nodes []*Node) (classifier, attacker *nn.Bound) {
	networks := g.config.Networks
	first := len(networks[AttackersTurn].Params)
	return networks[ClassifiersTurn].BindMasked(nodes[first:]), networks[AttackersTurn].Bind(nodes[:first])
}

// inputs returns both networks' weights in the order of bind.
func (g *Game) inputs() []any {
	return append(g.Weights[AttackersTurn].Inputs(), g.Weights[ClassifiersTurn].Inputs()...)
}

// turn builds the loss of a turn, and the gradients and statistics of the network that moves.
// Inputs are images, labels, both networks' weights and, on the classifier's turn, its masks.
func (g *Game) turn(turn Turn, in []*Node) []*Node {
	classifier, attacker := g.bind(in[2:])
	loss := g.config.Recipe.Loss(turn, classifier, attacker, in[0], in[1]).Loss
	if turn == AttackersTurn {
		return append([]*Node{loss}, learned(Neg(loss), attacker)...)
	}
	return append([]*Node{loss}, learned(loss, classifier)...)
}

// Step makes the classifier's turn and then the attacker's turn on a batch, each at its own rate.
// The attacker uses the classifier as it is after its turn. Step returns both losses. If the
// attacker interpolates, its turn comes first.
func (g *Game) Step(batch Batch, rates [2]float64) (losses [2]float64, err error) {
	masks, err := batch.masks(g.config.Networks[ClassifiersTurn], g.config.Recipe.TrainingPasses())
	if err != nil {
		return losses, err
	}
	g.steps++
	if g.config.Recipe.Method.Interpolates() {
		return g.interpolate(batch, masks, rates)
	}
	for turn := range g.learners {
		in := slices.Concat([]any{batch.X, batch.Labels}, g.inputs(), masks)
		masks = nil // the attacker's turn has none
		out, err := g.move(Turn(turn), rates, 1, in...)
		if err != nil {
			return losses, err
		}
		loss, err := scalars(out...)
		if err != nil {
			return losses, err
		}
		losses[turn] = loss[0]
	}
	return losses, nil
}

// move makes a turn and updates the weights of the network whose turn it is.
func (g *Game) move(turn Turn, rates [2]float64, leading int, in ...any) ([]*tensors.Tensor, error) {
	l := g.learners[turn]
	out, err := l.move(g.turns[turn], g.steps, rates[turn], leading, in...)
	if err != nil {
		return nil, fmt.Errorf("the %s's turn: %w", l.name, err)
	}
	return out, nil
}

// State returns everything that the game has changed about both networks.
func (g *Game) State() (State, error) { return stateOf(g.steps, g.learners[:]...) }

// SetState sets the game to the state whose arrays lookup returns. If one of them is wrong, nothing
// is changed.
func (g *Game) SetState(lookup Lookup, steps int) error {
	if err := restore(lookup, g.learners[:]...); err != nil {
		return err
	}
	g.steps = steps
	return nil
}
