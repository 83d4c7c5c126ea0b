package multvae

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/adversary"
	"foil/models/backend"
)

// Losses are those of a step or an epoch, averaged over users. The total is their sum.
type Losses struct {
	NLL    float64   // softmax cross-entropy of the user's items
	KL     float64   // KL divergence times beta
	Groups []float64 // of each adversary group
}

// Total is the loss that a step minimises.
func (l Losses) Total() float64 {
	sum := l.NLL + l.KL
	for _, g := range l.Groups {
		sum += g
	}
	return sum
}

// Step trains on the given users of rows. targets has their attributes (an entry per group). rate
// is the learning rate of encoder and decoder, headRate that of the adversaries. The model must not
// be used after an error.
func (m *Model) Step(rows Rows, users []int32, targets []adversary.Targets, noise Noise, rate, headRate float64) (Losses, error) {
	m.adam.Begin()
	g, err := m.gradients(rows, users, targets, noise, rate)
	if err == nil {
		err = m.update(g, rate, headRate)
	}
	return g.losses, errors.Join(err, g.release())
}

// gradients are those of one batch. The encoder's gradients are in hGrad, not yet added to its
// weight rows.
type gradients struct {
	losses        Losses
	logits        backend.Values       // [b, i], without the decoder's bias; nil with own products
	decoderWeight backend.Values       // [l, i]; nil with own products: the weights are updated
	hGrad         []float32            // [b, 2l]
	heads         *adversary.Gradients // nil: there are none
	outputs       []*tensors.Tensor    // everything else that must be released
}

func (g *gradients) release() error {
	err := backend.Release(g.outputs...)
	if g.heads != nil {
		err = errors.Join(err, g.heads.Release())
	}
	return err
}

// run executes a graph whose outputs belong to g.
func (g *gradients) run(exec *Exec, inputs ...any) ([]*tensors.Tensor, error) {
	out, err := backend.Run(exec, inputs...)
	g.outputs = append(g.outputs, out...)
	return out, err
}

// gradients computes the gradients of a batch. The decoder's own products update the decoder's
// weights, with the given rate. The caller must release the result, also after an error.
func (m *Model) gradients(rows Rows, users []int32, targets []adversary.Targets, noise Noise, rate float64) (*gradients, error) {
	m.prepare()
	g := &gradients{}
	b, err := m.batchOf(len(users))
	if err != nil {
		return g, err
	}
	m.encoder.forward(rows, users, m.config.InputDropout, noise.Input, b.h)
	noise.Latent(b.latent.noise)
	g.losses.KL = m.config.Beta * b.latent.sample(b.h)
	if err := m.decoderGradients(g, b, rows, users, rate); err != nil {
		return g, fmt.Errorf("decoder: %w", err)
	}
	if err := m.headGradients(g, b, users, targets, noise); err != nil {
		return g, fmt.Errorf("adversaries: %w", err)
	}
	b.latent.backward(b.h, m.config.Beta, b.hGrad)
	g.hGrad = b.hGrad
	return g, nil
}

// headGradients computes the adversaries' losses and their gradients, and adds their reversed
// gradients to that of z.
func (m *Model) headGradients(g *gradients, b *batch, users []int32, targets []adversary.Targets, noise Noise) error {
	if err := adversary.FillAll(b.groups, targets, users, b.latent.z, noise.Heads); err != nil {
		return err
	}
	var err error
	if g.heads, err = m.heads.Run(b.groups); err != nil {
		return err
	}
	g.losses.Groups = g.heads.Losses
	for i, xGrad := range g.heads.X {
		if err := b.groups[i].AddReversed(xGrad, b.latent.zGrad); err != nil {
			return err
		}
	}
	return nil
}

// update changes all weights: encoder and decoder with one rate, the heads with another.
func (m *Model) update(g *gradients, rate, headRate float64) error {
	m.encoder.backward(g.hGrad, &m.adam, rate)
	if g.decoderWeight != nil {
		err := g.decoderWeight.ReadWrite(m.decoderWeight, func(grad, w []float32) {
			m.adam.Update(rate, w, grad, m.decoderMoments)
		})
		if err != nil {
			return err
		}
	}
	m.adam.Update(rate, m.decoderBias, m.biasGrad, m.biasMoments)
	for i, group := range m.groups {
		if err := group.Update(&m.adam, headRate, g.heads.Params[i]); err != nil {
			return err
		}
	}
	return nil
}
