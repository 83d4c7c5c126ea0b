package l2l

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/nn"
)

// A Batch is the input of a training step. It includes the random numbers, so that the caller owns
// their streams.
type Batch struct {
	X      *tensors.Tensor // images [b, c, h, w]
	Labels *tensors.Tensor // int32 [b]
	Noise  *tensors.Tensor // attacks start from x + noise; nil: from x
	Masks  *tensors.Tensor // masks of the classifier's Dropout; nil: no dropout
}

// start returns the start of an attack, in a new tensor.
func (b Batch) start(be compute.Backend) (*tensors.Tensor, error) {
	if b.Noise == nil {
		return nil, errors.New("the attack starts from noise, but the batch has no noise")
	}
	if !b.Noise.Shape().Equal(b.X.Shape()) {
		return nil, fmt.Errorf("the noise has shape %s, but the images have %s", b.Noise.Shape(), b.X.Shape())
	}
	start, err := backend.NewTensor(be, b.X.Shape().Dimensions...)
	if err != nil {
		return nil, err
	}
	err = backend.Read(b.X, func(x []float32) {
		err = backend.ReadWrite(b.Noise, start, func(noise, start []float32) {
			for i, v := range noise {
				start[i] = x[i] + v
			}
		})
	})
	return start, err
}

// masks returns the masks of the batch as the last input of a graph of n, with a number of passes
// in training mode. A network without dropout has none.
func (b Batch) masks(n *nn.Network, passes int) ([]any, error) {
	if n.Dropout == nil {
		return nil, nil
	}
	return []any{b.Masks}, n.CheckMasks(b.Masks, passes, b.X.Shape().Dim(0))
}
