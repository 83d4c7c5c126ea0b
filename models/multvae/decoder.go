package multvae

import (
	"errors"

	"foil/models/backend"
	"foil/models/kernels"
)

// ownProducts reports whether the decoder of a number of users uses the products of models/kernels.
// They have the same bits as those of GoMLX's Go backend and take a fraction of their time, because
// they neither pack their factors nor copy their result. For smaller products GoMLX has other code
// with other bits.
func (m *Model) ownProducts(users int) bool {
	return m.threads > 0 && users*m.config.Latent*m.config.Items >= kernels.Large
}

// A scratch holds what the decoder's own products need. It is reused in later steps.
type scratch struct {
	logits []float32 // [b, i], then their gradient
	zGrad  []float32 // [l, b]
	step   kernels.LinearStep
}

func (s *scratch) prepare(users, items, latent int) {
	if s.logits == nil {
		s.logits = make([]float32, users*items)
		s.zGrad = make([]float32, latent*users)
	}
}

// decoderGradients computes the reconstruction loss and its gradients. The gradient of z is in
// b.latent.
func (m *Model) decoderGradients(g *gradients, b *batch, rows Rows, users []int32, rate float64) error {
	if m.ownProducts(len(users)) {
		return m.ownStep(g, b, rows, users, rate)
	}
	if b.z == nil {
		var err error
		if b.z, err = backend.NewTensor(m.backend, len(users), m.config.Latent); err != nil {
			return err
		}
		if b.logitsGrad, err = backend.NewTensor(m.backend, len(users), m.config.Items); err != nil {
			return err
		}
	}
	if err := backend.Fill(b.z, b.latent.z); err != nil {
		return err
	}
	out, err := g.run(m.decodeExec, b.z, m.decoderWeight)
	if err != nil {
		return err
	}
	g.logits = backend.ValuesOf(out[0])
	err = backend.ReadWrite(out[0], b.logitsGrad, func(logits, gradient []float32) {
		g.losses.NLL = m.crossEntropy(rows, users, logits, gradient)
	})
	if err != nil {
		return err
	}
	if out, err = g.run(m.backwardExec, b.logitsGrad, b.z, m.decoderWeight); err != nil {
		return err
	}
	g.decoderWeight = backend.ValuesOf(out[0])
	return backend.Read(out[1], func(zGrad []float32) { copy(b.latent.zGrad, zGrad) })
}

// ownStep is decoderGradients with the products of models/kernels. It also updates the decoder's
// weights.
func (m *Model) ownStep(g *gradients, b *batch, rows Rows, users []int32, rate float64) error {
	n, items, l := len(users), m.config.Items, m.config.Latent
	s := &b.scratch
	s.prepare(n, items, l)
	return backend.Write(m.decoderWeight, func(weight []float32) {
		kernels.Product(n, items, l, kernels.Rows(b.latent.z, l), kernels.Rows(weight, items), kernels.Rows(s.logits, items), m.threads)
		g.losses.NLL = m.crossEntropy(rows, users, s.logits, s.logits)
		s.step.Batch, s.step.Inputs, s.step.Outputs = n, l, items
		s.step.X, s.step.Gradient, s.step.XGradient = b.latent.z, s.logits, s.zGrad
		s.step.Weight, s.step.First, s.step.Second = weight, m.decoderMoments.First, m.decoderMoments.Second
		s.step.Adam = m.adam.Kernel(rate)
		s.step.Run(m.threads)
		kernels.Transpose(s.zGrad, l, n, b.latent.zGrad)
	})
}

// crossEntropy adds the decoder's bias to the logits, and returns the users' mean softmax
// cross-entropy. It writes the gradient to gradient, which may be the logits, and its sum over
// users to m.biasGrad.
func (m *Model) crossEntropy(rows Rows, users []int32, logits, gradient []float32) (loss float64) {
	n := m.config.Items
	weight := 1 / float32(len(users))
	clear(m.biasGrad)
	for b, u := range users {
		row := gradient[b*n : (b+1)*n]
		kernels.Sum(logits[b*n:(b+1)*n], m.decoderBias, row)
		loss += kernels.SoftmaxGradient(row, rows.Row(u), weight)
		kernels.Axpy(1, row, m.biasGrad)
	}
	return loss
}

// logits returns the logits of predictBatch latent vectors without the decoder's bias. The caller
// must call release after their use.
func (m *Model) logits(z []float32) (logits backend.Values, release func() error, err error) {
	if m.ownProducts(predictBatch) {
		items, l := m.config.Items, m.config.Latent
		if m.predicted == nil {
			m.predicted = make([]float32, predictBatch*items)
		}
		err := backend.Read(m.decoderWeight, func(weight []float32) {
			kernels.Product(len(z)/l, items, l, kernels.Rows(z, l), kernels.Rows(weight, items), kernels.Rows(m.predicted, items), m.threads)
		})
		return backend.Slice(m.predicted), func() error { return nil }, err
	}
	if m.latents == nil {
		if m.latents, err = backend.NewTensor(m.backend, predictBatch, m.config.Latent); err != nil {
			return nil, nil, err
		}
	}
	err = backend.Write(m.latents, func(flat []float32) {
		clear(flat[copy(flat, z):]) // the last batch is padded: one shape, one graph
	})
	if err != nil {
		return nil, nil, err
	}
	out, err := backend.Run(m.decodeExec, m.latents, m.decoderWeight)
	if err != nil {
		return nil, nil, errors.Join(err, backend.Release(out...))
	}
	return backend.ValuesOf(out[0]), func() error { return backend.Release(out...) }, nil
}
