package l2l

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/ascent"
	"foil/models/backend"
	"foil/models/nn"
)

// A TrainerConfig describes the training of one network.
type TrainerConfig struct {
	Recipe    Recipe // a method without an attacker network
	Network   *nn.Network
	Optimizer Optimizer
	Backend   compute.Backend
}

// A Trainer trains a classifier without an attacker network. It is not safe for concurrent use.
type Trainer struct {
	Weights *nn.Weights

	config  TrainerConfig
	learner learner
	steps   int
	turn    *Exec         // loss, its parts, gradients, statistics
	attack  *ascent.Climb // nil: the method has no attack
	judge   *Exec         // logits of the clean images in evaluation mode, for TRADES
}

// Losses are the losses of a step.
type Losses struct {
	Total       float64 // the loss that is minimised
	Clean       float64 // its part on clean images
	Adversarial float64 // its part on attacked images; 0: the method has no attack
}

// NewTrainer starts from the given weights, which it changes.
func NewTrainer(c TrainerConfig, w *nn.Weights) (*Trainer, error) {
	if c.Recipe.Method.loss == nil {
		return nil, fmt.Errorf("method %q does not train a classifier by itself", c.Recipe.Method.Name)
	}
	l, err := newLearner(classifierName, w, c.Optimizer)
	if err != nil {
		return nil, err
	}
	t := &Trainer{Weights: w, config: c, learner: l}
	t.turn, err = backend.Compile(c.Backend, t.build)
	if err != nil || c.Recipe.Method.goal == nil {
		return t, err
	}
	me := nn.Model{Network: c.Network, Weights: w}
	if c.Recipe.Method.toLogits {
		if t.judge, err = nn.CompileLogits(c.Backend, me); err != nil {
			return nil, err
		}
	}
	t.attack, err = ascent.NewClimb(c.Backend, me, c.Recipe.Method.goal)
	return t, err
}

// build makes the graph of a step after the attack. Its inputs are images, attacked images, labels,
// weights and masks.
func (t *Trainer) build(in []*Node) []*Node {
	f := t.config.Network.BindMasked(in[3:])
	loss, clean, adversarial := t.config.Recipe.Method.loss(f, in[0], in[1], in[2], t.config.Recipe.Settings.Beta)
	return append([]*Node{loss, clean, adversarial}, learned(loss, f)...)
}

// Step attacks the images of a batch with the current weights, and updates the weights at the given
// rate.
func (t *Trainer) Step(batch Batch, rate float64) (Losses, error) {
	masks, err := batch.masks(t.config.Network, t.config.Recipe.TrainingPasses())
	if err != nil {
		return Losses{}, err
	}
	attacked, err := t.craft(batch)
	if err != nil {
		return Losses{}, err
	}
	in := slices.Concat([]any{batch.X, attacked, batch.Labels}, t.Weights.Inputs(), masks)
	t.steps++
	out, err := t.learner.move(t.turn, t.steps, rate, 3, in...)
	if attacked != batch.X {
		err = errors.Join(err, backend.Release(attacked))
	}
	if err != nil {
		return Losses{}, err
	}
	parts, err := scalars(out...)
	if err != nil {
		return Losses{}, err
	}
	return Losses{parts[0], parts[1], parts[2]}, nil
}

// craft returns the attacked images of a batch. If the method has no attack, it returns the images
// themselves.
func (t *Trainer) craft(batch Batch) (*tensors.Tensor, error) {
	m := t.config.Recipe.Method
	if t.attack == nil {
		return batch.X, nil
	}
	start, aim := batch.X, batch.Labels
	var made []*tensors.Tensor // made here, for the attack only
	if m.Start != AtImages {
		noisy, err := batch.start(t.config.Backend)
		if err != nil {
			return nil, fmt.Errorf("%s training: %w", m.Name, err)
		}
		start, made = noisy, append(made, noisy)
	}
	if m.toLogits {
		out, err := backend.Run(t.judge, append([]any{batch.X}, t.Weights.Inputs()...)...)
		if err != nil {
			return nil, err
		}
		aim, made = out[0], append(made, out[0])
	}
	attacked, _, err := t.attack.Run(context.Background(), t.config.Recipe.attack(), batch.X, start, aim)
	return attacked, errors.Join(err, backend.Release(made...))
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
