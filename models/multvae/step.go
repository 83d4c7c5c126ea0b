package multvae

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/kernels"
	"foil/models/random"
)

// Noise is what training steps draw: one stream for each purpose.
type Noise struct {
	Input  rand.Source         // input dropout; nil: none
	Latent func(eps []float32) // standard normal, for the sampling of z
	Heads  []rand.Source       // dropout of each group; nil: none
}

// NewNoise returns the streams for a seed.
func NewNoise(seed uint64, groups []adversary.Config) Noise {
	latent := random.New(seed, "noise/latent")
	n := Noise{
		Input:  random.Source(seed, "dropout/input"),
		Latent: func(eps []float32) { random.Normal(latent, eps, 1) },
	}
	for _, g := range groups {
		n.Heads = append(n.Heads, random.Source(seed, "dropout/adversary/"+g.Name))
	}
	return n
}

// Losses of a step or an epoch, averaged over users. The total is their sum.
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

// A batch holds the inputs of the graphs for some number of users, kept
// between steps.
type batch struct {
	h, noise, logitsGrad *tensors.Tensor // [b, 2l], [b, l], [b, i]
	groups               []*adversary.Batch
}

func (m *Model) batchOf(users int) (*batch, error) {
	if b, ok := m.batches[users]; ok {
		return b, nil
	}
	b := &batch{}
	var err error
	if b.h, err = backend.NewTensor(m.backend, users, 2*m.config.Latent); err != nil {
		return nil, err
	}
	if b.noise, err = backend.NewTensor(m.backend, users, m.config.Latent); err != nil {
		return nil, err
	}
	if b.logitsGrad, err = backend.NewTensor(m.backend, users, m.config.Items); err != nil {
		return nil, err
	}
	for _, g := range m.groups {
		inputs, err := adversary.NewBatch(m.backend, g.Config, users, m.config.Latent)
		if err != nil {
			return nil, err
		}
		b.groups = append(b.groups, inputs)
	}
	m.batches[users] = b
	return b, nil
}

// Step trains on the given users of rows, whose attributes are in targets (an
// entry per group). rate is the learning rate of encoder and decoder, headRate
// that of the adversaries.
func (m *Model) Step(rows Rows, users []int32, targets []adversary.Targets, noise Noise, rate, headRate float64) (Losses, error) {
	g, err := m.gradients(rows, users, targets, noise)
	if err == nil {
		err = m.update(g, rate, headRate)
	}
	return g.losses, errors.Join(err, g.release())
}

// gradients are those of one batch. The encoder's are in hGrad, not yet
// scattered to its weight rows.
type gradients struct {
	losses        Losses
	decoderWeight *tensors.Tensor   // [l, i]
	hGrad         *tensors.Tensor   // [b, 2l]
	heads         []*tensors.Tensor // of all groups' parameters
	outputs       []*tensors.Tensor // everything that must be released
}

func (g *gradients) release() error { return backend.Release(g.outputs...) }

// gradients computes those of a batch. What it returns must be released, error or not.
func (m *Model) gradients(rows Rows, users []int32, targets []adversary.Targets, noise Noise) (*gradients, error) {
	m.prepare()
	g := &gradients{}
	b, err := m.batchOf(len(users))
	if err != nil {
		return g, err
	}
	if err := m.fill(b, rows, users, targets, noise); err != nil {
		return g, err
	}
	inputs := []any{b.h, b.noise, m.decoderWeight}
	for i, g := range m.groups {
		for _, t := range append(g.Params(), b.groups[i].Tensors()...) {
			inputs = append(inputs, t)
		}
	}
	out, err := backend.Run(m.forwardExec, inputs...)
	g.outputs = out
	if err != nil {
		return g, fmt.Errorf("forward pass: %w", err)
	}
	logits, z, sd, kl, zGrad, rest := out[0], out[1], out[2], out[3], out[4], out[5:]

	if g.losses.KL, err = backend.Scalar(kl); err != nil {
		return g, err
	}
	for _, t := range rest[:len(m.groups)] {
		loss, err := backend.Scalar(t)
		if err != nil {
			return g, err
		}
		g.losses.Groups = append(g.losses.Groups, loss)
	}
	g.heads = rest[len(m.groups):]
	if g.losses.NLL, err = m.crossEntropy(rows, users, logits, b.logitsGrad); err != nil {
		return g, err
	}

	back, err := backend.Run(m.backwardExec, b.logitsGrad, z, sd, m.decoderWeight, b.h, b.noise, zGrad)
	g.outputs = append(g.outputs, back...)
	if err != nil {
		return g, fmt.Errorf("backward pass: %w", err)
	}
	g.decoderWeight, g.hGrad = back[0], back[1]
	return g, nil
}

// fill sets the inputs of a batch.
func (m *Model) fill(b *batch, rows Rows, users []int32, targets []adversary.Targets, noise Noise) error {
	err := backend.Write(b.h, func(h []float32) {
		m.encoder.forward(rows, users, m.config.InputDropout, noise.Input, h)
	})
	if err != nil {
		return err
	}
	if err := backend.Write(b.noise, noise.Latent); err != nil {
		return err
	}
	for i := range m.groups {
		var dropout rand.Source
		if noise.Heads != nil {
			dropout = noise.Heads[i]
		}
		if err := b.groups[i].Fill(targets[i], users, dropout); err != nil {
			return err
		}
	}
	return nil
}

// crossEntropy adds the decoder's bias to the logits, writes the gradient of
// the users' mean softmax cross-entropy to gradient, its sum over users to
// m.biasGrad, and returns the loss.
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

// update moves all weights: one Adam for encoder and decoder, one for the heads.
func (m *Model) update(g *gradients, rate, headRate float64) error {
	m.adam.Begin()
	if err := backend.Read(g.hGrad, func(h []float32) { m.encoder.backward(h, &m.adam, rate) }); err != nil {
		return err
	}
	err := backend.ReadWrite(g.decoderWeight, m.decoderWeight, func(grad, w []float32) {
		m.adam.Update(rate, w, grad, m.decoderMoments)
	})
	if err != nil {
		return err
	}
	m.adam.Update(rate, m.decoderBias, m.biasGrad, m.biasMoments)
	if len(m.groups) == 0 {
		return nil
	}
	m.adamHeads.Begin()
	for i, group := range m.groups {
		grads := g.heads[i*adversary.NumParams : (i+1)*adversary.NumParams]
		if err := group.Update(&m.adamHeads, headRate, grads); err != nil {
			return err
		}
	}
	return nil
}
