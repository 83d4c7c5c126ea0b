package adversary

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/kernels"
	"foil/models/random"
)

// A Batch holds the inputs of a group for a number of users. It is reused in later steps. Every
// head has its own dropout of the latent vectors. The dropout is done here and not in the graph,
// because masks are the largest arrays of a step.
type Batch struct {
	backend compute.Backend
	config  Config
	users   int
	x       *tensors.Tensor // [h, b, l] latent vectors after dropout
	target  *tensors.Tensor // [b, o]
	weight  *tensors.Tensor // [b, 1]
	dropout kernels.Dropout // of x; Limit 0: none

	// Of a Step's own products.
	product           *tensors.Tensor // [h, b, d]
	weightGrad, xGrad []float32       // [h, d, l], [h, b, l]
}

// NewBatch makes the inputs of a group for a number of users.
func NewBatch(b compute.Backend, c Config, users, latent int) (*Batch, error) {
	batch := &Batch{backend: b, config: c, users: users, dropout: kernels.Dropout{Bits: make([]uint16, c.Heads*users*latent)}}
	for _, t := range []struct {
		into **tensors.Tensor
		dims []int
	}{
		{&batch.x, []int{c.Heads, users, latent}},
		{&batch.target, []int{users, c.Outputs()}},
		{&batch.weight, []int{users, 1}},
	} {
		tensor, err := backend.NewTensor(b, t.dims...)
		if err != nil {
			return nil, fmt.Errorf("adversary group %s: %w", c.Name, err)
		}
		*t.into = tensor
	}
	return batch, nil
}

// Tensors returns the batch in the order of the arguments of Config.LossGradients.
func (b *Batch) Tensors() []*tensors.Tensor {
	return []*tensors.Tensor{b.x, b.target, b.weight}
}

// Fill sets the batch to the given users with latent vectors z [b, l]. source draws the dropout;
// nil: no dropout.
func (b *Batch) Fill(targets Targets, users []int32, z []float32, source rand.Source) error {
	b.dropout.Limit, b.dropout.Keep = 0, 1
	if source != nil && b.config.Dropout > 0 {
		b.dropout.Limit = random.DropoutLimit(b.config.Dropout)
		b.dropout.Keep = float32(1 / (1 - b.config.Dropout))
		random.Bits(source, b.dropout.Bits)
	}
	err := backend.Write(b.x, func(x []float32) {
		for h := range b.config.Heads {
			start, end := h*len(z), (h+1)*len(z)
			b.dropout.At(start, end).Apply(z, x[start:end])
		}
	})
	if err != nil {
		return err
	}
	return backend.WriteBoth(b.target, b.weight, func(target, weight []float32) {
		b.config.fill(targets, users, target, weight)
	})
}

// FillAll sets the batch of each group to the given users, as Batch.Fill does. dropout has a source
// per group; nil: no dropout.
func FillAll(batches []*Batch, targets []Targets, users []int32, z []float32, dropout []rand.Source) error {
	for i, b := range batches {
		var source rand.Source
		if dropout != nil {
			source = dropout[i]
		}
		if err := b.Fill(targets[i], users, z, source); err != nil {
			return err
		}
	}
	return nil
}

// AddReversed adds the gradient behind the group's gradient reversal layer to zGrad [b, l]. That is
// -Reversal times the gradient of the group's loss. xGrad [h, b, l] is the gradient behind the
// dropout of each head.
func (b *Batch) AddReversed(xGrad backend.Values, zGrad []float32) error {
	scale := -float32(b.config.Reversal)
	return xGrad(func(xGrad []float32) {
		for h := range b.config.Heads {
			start, end := h*len(zGrad), (h+1)*len(zGrad)
			b.dropout.At(start, end).AddGradient(scale, xGrad[start:end], zGrad)
		}
	})
}
