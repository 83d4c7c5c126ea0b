package multvae

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/kernels"
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
// is the learning rate of encoder and decoder, headRate that of the adversaries.
func (m *Model) Step(rows Rows, users []int32, targets []adversary.Targets, noise Noise, rate, headRate float64) (Losses, error) {
	g, err := m.gradients(rows, users, targets, noise)
	if err == nil {
		err = m.update(g, rate, headRate)
	}
	return g.losses, errors.Join(err, g.release())
}

// gradients are those of one batch. The encoder's gradients are in hGrad, not yet added to its
// weight rows.
type gradients struct {
	losses        Losses
	logits        *tensors.Tensor   // [b, i], without the decoder's bias
	decoderWeight *tensors.Tensor   // [l, i]
	hGrad         []float32         // [b, 2l]
	heads         []*tensors.Tensor // of all groups' parameters
	outputs       []*tensors.Tensor // everything that must be released
}

func (g *gradients) release() error { return backend.Release(g.outputs...) }

// run executes a graph whose outputs belong to g.
func (g *gradients) run(exec *Exec, inputs ...any) ([]*tensors.Tensor, error) {
	out, err := backend.Run(exec, inputs...)
	g.outputs = append(g.outputs, out...)
	return out, err
}

// gradients computes the gradients of a batch. The caller must release the result, also after an
// error.
func (m *Model) gradients(rows Rows, users []int32, targets []adversary.Targets, noise Noise) (*gradients, error) {
	m.prepare()
	g := &gradients{}
	b, err := m.batchOf(len(users))
	if err != nil {
		return g, err
	}
	m.encoder.forward(rows, users, m.config.InputDropout, noise.Input, b.h)
	noise.Latent(b.latent.noise)
	g.losses.KL = m.config.Beta * b.latent.sample(b.h)
	if err := m.decoderGradients(g, b, rows, users); err != nil {
		return g, fmt.Errorf("decoder: %w", err)
	}
	if err := m.headGradients(g, b, users, targets, noise); err != nil {
		return g, fmt.Errorf("adversaries: %w", err)
	}
	b.latent.backward(b.h, m.config.Beta, b.hGrad)
	g.hGrad = b.hGrad
	return g, nil
}

// decoderGradients computes the reconstruction loss and its gradients. The gradient of z is in
// b.latent.
func (m *Model) decoderGradients(g *gradients, b *batch, rows Rows, users []int32) error {
	if err := backend.Fill(b.z, b.latent.z); err != nil {
		return err
	}
	out, err := g.run(m.decodeExec, b.z, m.decoderWeight)
	if err != nil {
		return err
	}
	g.logits = out[0]
	if g.losses.NLL, err = m.crossEntropy(rows, users, g.logits, b.logitsGrad); err != nil {
		return err
	}
	if out, err = g.run(m.backwardExec, b.logitsGrad, b.z, m.decoderWeight); err != nil {
		return err
	}
	g.decoderWeight = out[0]
	return backend.Read(out[1], func(zGrad []float32) { copy(b.latent.zGrad, zGrad) })
}

// headGradients computes the adversaries' losses and their gradients, and adds their reversed
// gradients to that of z.
func (m *Model) headGradients(g *gradients, b *batch, users []int32, targets []adversary.Targets, noise Noise) error {
	n := len(m.groups)
	if n == 0 {
		return nil
	}
	inputs, err := adversary.Inputs(m.groups, b.groups, targets, users, b.latent.z, noise.Heads)
	if err != nil {
		return err
	}
	out, err := g.run(m.headsExec, inputs...)
	if err != nil {
		return err
	}
	losses, xGrads, grads := out[:n], out[n:2*n], out[2*n:]
	for i := range n {
		loss, err := backend.Scalar(losses[i])
		if err != nil {
			return err
		}
		g.losses.Groups = append(g.losses.Groups, loss)
		if err := b.groups[i].AddReversed(xGrads[i], b.latent.zGrad); err != nil {
			return err
		}
	}
	g.heads = grads
	return nil
}

// crossEntropy adds the decoder's bias to the logits, and returns the users' mean softmax
// cross-entropy. It writes the gradient to gradient, and its sum over users to m.biasGrad.
func (m *Model) crossEntropy(rows Rows, users []int32, logits, gradient *tensors.Tensor) (float64, error) {
	n := m.config.Items
	weight := 1 / float32(len(users))
	clear(m.biasGrad)
	var loss float64
	err := backend.ReadWrite(logits, gradient, func(logits, gradient []float32) {
		for b, u := range users {
			row := gradient[b*n : (b+1)*n]
			kernels.Sum(logits[b*n:(b+1)*n], m.decoderBias, row)
			loss += kernels.SoftmaxGradient(row, rows.Row(u), weight)
			kernels.Axpy(1, row, m.biasGrad)
		}
	})
	return loss, err
}

// update changes all weights: encoder and decoder with one rate, the heads with another.
func (m *Model) update(g *gradients, rate, headRate float64) error {
	m.adam.Begin()
	m.encoder.backward(g.hGrad, &m.adam, rate)
	err := backend.ReadWrite(g.decoderWeight, m.decoderWeight, func(grad, w []float32) {
		m.adam.Update(rate, w, grad, m.decoderMoments)
	})
	if err != nil {
		return err
	}
	m.adam.Update(rate, m.decoderBias, m.biasGrad, m.biasMoments)
	for i, group := range m.groups {
		grads := g.heads[i*adversary.NumParams : (i+1)*adversary.NumParams]
		if err := group.Update(&m.adam, headRate, grads); err != nil {
			return err
		}
	}
	return nil
}
