package l2l

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// A GameConfig is how classifier and attacker learn.
type GameConfig struct {
	Variant    Variant
	Epsilon    float64
	Backend    compute.Backend
	Networks   [2]*Network  // by Turn: the classifier, the attacker
	Optimizers [2]Optimizer // by Turn
}

// A Game trains a classifier and an attacker against each other: min over f, max
// over g of CE(f(clip(x + g(A), 0, 1)), y). It is not safe for concurrent use.
type Game struct {
	Weights [2]*Weights // by Turn

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
func NewGame(c GameConfig, classifier, attacker *Weights) (*Game, error) {
	g := &Game{Weights: [2]*Weights{classifier, attacker}, config: c}
	for turn, name := range []string{classifierName, attackerName} {
		l, err := newLearner(name, g.Weights[turn], c.Optimizers[turn])
		if err != nil {
			return nil, err
		}
		g.learners[turn] = l
	}
	for _, turn := range []Turn{ClassifiersTurn, AttackersTurn} {
		err := backend.Guard(func() (err error) {
			g.turns[turn], err = NewExec(c.Backend, func(in []*Node) []*Node { return g.turn(turn, in) })
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return g, nil
}

// turn builds the loss of a turn, with gradients and new running statistics of the
// network that moves. Inputs are images, labels and both networks' weights.
func (g *Game) turn(turn Turn, in []*Node) []*Node {
	x, labels, in := in[0], in[1], in[2:]
	networks := g.config.Networks
	first := len(networks[ClassifiersTurn].Params)
	bound := [2]*Bound{networks[ClassifiersTurn].Bind(in[:first]), networks[AttackersTurn].Bind(in[first:])}
	loss := g.config.Variant.Loss(turn, bound[ClassifiersTurn], bound[AttackersTurn], x, labels, g.config.Epsilon).Loss
	objective := loss
	if turn == AttackersTurn {
		objective = Neg(loss)
	}
	out := append([]*Node{loss}, Gradient(objective, bound[turn].Trainable()...)...)
	return append(out, bound[turn].Statistics()...)
}

// Step is the classifier's turn and then the attacker's on a batch, each at its
// rate. The attacker sees the classifier as it is after its turn. It gives both
// losses.
func (g *Game) Step(batch Batch, rates [2]float64) (losses [2]float64, err error) {
	g.steps++
	for turn, l := range g.learners {
		if losses[turn], err = g.move(Turn(turn), batch, rates[turn]); err != nil {
			return losses, fmt.Errorf("the %s's turn: %w", l.name, err)
		}
	}
	return losses, nil
}

// move runs a turn and moves the network whose turn it is.
func (g *Game) move(turn Turn, batch Batch, rate float64) (float64, error) {
	in := append([]any{batch.X, batch.Labels}, g.Weights[ClassifiersTurn].inputs()...)
	out, err := backend.Run(g.turns[turn], append(in, g.Weights[AttackersTurn].inputs()...)...)
	if err != nil {
		return 0, err
	}
	loss, err := backend.Scalar(out[0])
	if err != nil {
		return 0, err
	}
	return loss, errors.Join(g.learners[turn].learn(g.steps, rate, out[1:]), backend.Release(out[0]))
}

// State returns what the game has changed about both networks.
func (g *Game) State() (State, error) { return stateOf(g.steps, g.learners[:]...) }

// SetState sets the game to a state whose arrays lookup finds. Nothing is changed
// where one of them is wrong.
func (g *Game) SetState(lookup Lookup, steps int) error {
	if err := restore(lookup, g.learners[:]...); err != nil {
		return err
	}
	g.steps = steps
	return nil
}
