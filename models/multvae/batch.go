package multvae

import (
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/adversary"
)

// A batch holds the arrays of a step for a number of users. It is reused in later steps.
type batch struct {
	h, hGrad []float32 // [b, 2l] output of the encoder
	latent   latent
	groups   []*adversary.Batch

	// Of the decoder, with its own products or with GoMLX's.
	scratch    scratch
	z          *tensors.Tensor // [b, l], as latent.z
	logitsGrad *tensors.Tensor // [b, i]
}

func (m *Model) batchOf(users int) (*batch, error) {
	if b, ok := m.batches[users]; ok {
		return b, nil
	}
	l := m.config.Latent
	b := &batch{
		h:      make([]float32, users*2*l),
		hGrad:  make([]float32, users*2*l),
		latent: newLatent(users, l),
	}
	for _, g := range m.groups {
		inputs, err := adversary.NewBatch(m.backend, g.Config, users, l)
		if err != nil {
			return nil, err
		}
		b.groups = append(b.groups, inputs)
	}
	m.batches[users] = b
	return b, nil
}
