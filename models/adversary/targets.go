package adversary

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/random"
)

// Targets are the values of one attribute for all users of a data set.
type Targets struct {
	Class []int32   // for Classification; -1 where the attribute is missing
	Value []float32 // for Regression; NaN where it is missing
}

// A Batch holds a group's inputs for some number of users, kept between steps.
type Batch struct {
	config Config
	mask   *tensors.Tensor // [h, b, l]
	target *tensors.Tensor // [b, o]
	weight *tensors.Tensor // [b, 1]
}

// NewBatch makes the inputs of a group for a number of users.
func NewBatch(b compute.Backend, c Config, users, latent int) (*Batch, error) {
	batch := &Batch{config: c}
	for _, t := range []struct {
		into **tensors.Tensor
		dims []int
	}{
		{&batch.mask, []int{c.Heads, users, latent}},
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

// Tensors returns the batch in the order that Config.LossGradients takes it.
func (b *Batch) Tensors() []*tensors.Tensor {
	return []*tensors.Tensor{b.mask, b.target, b.weight}
}

// Fill sets the batch to the given users. Users without the attribute weigh
// nothing; classes weigh what ClassWeights says, as in PyTorch's cross-entropy,
// which divides by the sum of the weights. dropout nil means none.
func (b *Batch) Fill(targets Targets, users []int32, dropout rand.Source) error {
	err := backend.Write(b.mask, func(mask []float32) {
		if dropout == nil || b.config.Dropout == 0 {
			for i := range mask {
				mask[i] = 1
			}
			return
		}
		random.Dropout(dropout, mask, b.config.Dropout)
	})
	if err != nil {
		return err
	}
	var inner error
	err = backend.Write(b.target, func(target []float32) {
		inner = backend.Write(b.weight, func(weight []float32) {
			b.config.fill(targets, users, target, weight)
		})
	})
	if err != nil {
		return err
	}
	return inner
}

func (c Config) fill(targets Targets, users []int32, target, weight []float32) {
	clear(target)
	clear(weight)
	var sum float32
	for i, u := range users {
		switch c.Task {
		case Classification:
			class := targets.Class[u]
			if class < 0 {
				continue
			}
			target[i*c.Classes+int(class)] = 1
			weight[i] = 1
			if c.ClassWeights != nil {
				weight[i] = c.ClassWeights[class]
			}
		case Regression:
			value := targets.Value[u]
			if math.IsNaN(float64(value)) {
				continue
			}
			target[i], weight[i] = value, 1
		}
		sum += weight[i]
	}
	if sum == 0 {
		return // nobody in the batch has the attribute: the loss is 0
	}
	for i := range weight {
		weight[i] /= sum
	}
}
