package l2l

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"

	"foil/models/engine"
	"foil/models/evaluate"
	"foil/models/nn"
)

// A TrainerConfig describes the training of one network.
type TrainerConfig struct {
	Recipe    Recipe // a method without an attacker network
	Network   *nn.Network
	Image     [3]int // channels, rows, columns
	Optimizer Optimizer
	Backend   compute.Backend
	ByGraph   bool // use graphs on the embedded backend, too: the reference for the engine
}

// A Trainer trains a classifier without an attacker network. It is not safe for concurrent use.
type Trainer struct {
	Weights *nn.Weights

	config  TrainerConfig
	learner learner
	steps   int
	on      trainerSide
}

// A trainerSide computes the steps of a Trainer: with graphs or with the engine.
type trainerSide interface {
	// step attacks the images of a batch with the current weights, and updates the weights by the
	// step with the given number.
	step(ctx context.Context, batch Batch, number int, rate float64) (Losses, error)
}

// Losses are the losses of a step.
type Losses struct {
	Total       float64 // the loss that is minimised
	Clean       float64 // its part on clean images
	Adversarial float64 // its part on attacked images; 0: the method has no attack
}

// NewTrainer starts from the given weights, which it changes.
func NewTrainer(c TrainerConfig, w *nn.Weights) (*Trainer, error) {
	if c.Recipe.Method.loss.graph == nil {
		return nil, fmt.Errorf("method %q does not train a classifier by itself", c.Recipe.Method.Name)
	}
	l, err := newLearner(classifierName, w, c.Optimizer)
	if err != nil {
		return nil, err
	}
	t := &Trainer{Weights: w, config: c, learner: l}
	if engine.For(c.Backend) && !c.ByGraph {
		t.on, err = newEngineTrainer(c, l)
	} else {
		t.on, err = newGraphTrainer(c, l)
	}
	return t, err
}

// evaluator is the classifier in evaluation mode, for the attack.
func (c TrainerConfig) evaluator(w *nn.Weights) (*evaluate.Evaluator, error) {
	return evaluate.New(evaluate.Config{
		Network: c.Network, Shape: c.Image, Batch: 1, Backend: c.Backend, ByGraph: c.ByGraph,
	}, w)
}

// Step attacks the images of a batch with the current weights, and updates the weights at the given
// rate. If ctx is cancelled before the update, Step returns its error, and the weights stay.
func (t *Trainer) Step(ctx context.Context, batch Batch, rate float64) (Losses, error) {
	if err := batch.check(t.config.Network, t.config.Recipe.TrainingPasses()); err != nil {
		return Losses{}, err
	}
	if m := t.config.Recipe.Method; m.goal != nil && m.Start != AtImages {
		if err := batch.checkNoise(); err != nil {
			return Losses{}, fmt.Errorf("%s training: %w", m.Name, err)
		}
	}
	t.steps++
	return t.on.step(ctx, batch, t.steps, rate)
}

// State returns everything that the training has changed.
func (t *Trainer) State() (State, error) { return stateOf(t.steps, t.learner) }

// SetState sets the training to the state whose arrays lookup returns. If one of them is wrong,
// nothing is changed.
func (t *Trainer) SetState(lookup Lookup, steps int) error {
	if err := restore(lookup, t.learner); err != nil {
		return err
	}
	t.steps = steps
	return nil
}
