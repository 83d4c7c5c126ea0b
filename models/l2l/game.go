package l2l

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/optim"
)

// A GameConfig is how classifier and attacker learn.
type GameConfig struct {
	Variant  Variant
	Epsilon  float64
	SGD      optim.SGD        // the classifier's
	Adam     optim.AdamConfig // the attacker's
	Backend  compute.Backend
	Networks [2]*Network // by Turn: the classifier, the attacker
}

// A Game trains a classifier and an attacker against each other: min over f, max
// over g of CE(f(clip(x + g(A), 0, 1)), y). It is not safe for concurrent use.
type Game struct {
	Weights [2]*Weights // by Turn

	config   GameConfig
	turns    [2]*Exec
	adam     optim.Adam
	velocity [][]float32     // of the classifier's trainable parameters
	moments  []optim.Moments // of the attacker's
}

// NewGame starts from the given weights, which it changes.
func NewGame(c GameConfig, classifier, attacker *Weights) (*Game, error) {
	g := &Game{Weights: [2]*Weights{classifier, attacker}, config: c, adam: optim.Adam{Config: c.Adam}}
	for _, p := range classifier.Params {
		if p.Trainable {
			g.velocity = append(g.velocity, make([]float32, p.Size()))
		}
	}
	for _, p := range attacker.Params {
		if p.Trainable {
			g.moments = append(g.moments, optim.NewMoments(p.Size()))
		}
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

// Step is the classifier's turn and then the attacker's on a batch of images
// [b, c, h, w] with labels [b]. The attacker sees the classifier as it is after its
// turn. It gives both losses.
func (g *Game) Step(x, labels *tensors.Tensor, rate, attackerRate float64) (losses [2]float64, err error) {
	losses[ClassifiersTurn], err = g.move(ClassifiersTurn, x, labels, func(i int, w, grad []float32) {
		g.config.SGD.Update(rate, w, grad, g.velocity[i])
	})
	if err != nil {
		return losses, fmt.Errorf("the classifier's turn: %w", err)
	}
	g.adam.Begin()
	losses[AttackersTurn], err = g.move(AttackersTurn, x, labels, func(i int, w, grad []float32) {
		g.adam.Update(attackerRate, w, grad, g.moments[i])
	})
	if err != nil {
		return losses, fmt.Errorf("the attacker's turn: %w", err)
	}
	return losses, nil
}

// move runs a turn, calls update for each trainable parameter of the network whose
// turn it is, by its number among these, and takes its new running statistics.
func (g *Game) move(turn Turn, x, labels *tensors.Tensor, update func(i int, w, grad []float32)) (float64, error) {
	in := append([]any{x, labels}, g.Weights[ClassifiersTurn].inputs()...)
	out, err := backend.Run(g.turns[turn], append(in, g.Weights[AttackersTurn].inputs()...)...)
	if err != nil {
		return 0, err
	}
	loss, err := backend.Scalar(out[0])
	if err != nil {
		return 0, err
	}
	return loss, errors.Join(g.Weights[turn].step(out[1:], update), backend.Release(out[0]))
}
