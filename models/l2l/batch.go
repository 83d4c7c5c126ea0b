package l2l

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/nn"
)

// A Batch is the input of a training step. It includes the random numbers, so that the caller owns
// their streams.
type Batch struct {
	X      []float32 // images [b, c, h, w]
	Labels []int32   // [b]
	Noise  []float32 // attacks start from x + noise, [b, c, h, w]; nil: from x
	Masks  []float32 // masks of the classifier's Dropout, [passes, b, width]; nil: no dropout
}

// checkNoise checks that there is noise for the start of an attack.
func (b Batch) checkNoise() error {
	if b.Noise == nil {
		return errors.New("the attack starts from noise, but the batch has no noise")
	}
	if len(b.Noise) != len(b.X) {
		return fmt.Errorf("the noise has %d values, but the images have %d", len(b.Noise), len(b.X))
	}
	return nil
}

// start returns the start of an attack.
func (b Batch) start() []float32 {
	start := make([]float32, len(b.X))
	for i, v := range b.Noise {
		start[i] = b.X[i] + v
	}
	return start
}

// check checks that there are masks for a number of passes of n in training mode, if it has dropout.
func (b Batch) check(n *nn.Network, passes int) error {
	if n.Dropout == nil {
		return nil
	}
	return n.Dropout.Check(b.Masks, passes, len(b.Labels))
}

// mask is the mask of a pass, or nil.
func (b Batch) mask(n *nn.Network, pass int) []float32 {
	if n.Dropout == nil {
		return nil
	}
	size := len(b.Labels) * n.Dropout.Width
	return b.Masks[pass*size : (pass+1)*size]
}

// A batchTensors is a batch for graphs.
type batchTensors struct {
	x, labels *tensors.Tensor
	masks     []any // as the last input of a graph; none without dropout
}

func (b Batch) tensors(n *nn.Network, image [3]int) batchTensors {
	t := batchTensors{images(b.X, image), tensors.FromFlatDataAndDimensions(b.Labels, len(b.Labels)), nil}
	if n.Dropout != nil {
		passes := len(b.Masks) / (len(b.Labels) * n.Dropout.Width)
		t.masks = []any{tensors.FromFlatDataAndDimensions(b.Masks, passes, len(b.Labels), n.Dropout.Width)}
	}
	return t
}

// images returns images as a tensor [b, c, h, w].
func images(x []float32, image [3]int) *tensors.Tensor {
	size := image[0] * image[1] * image[2]
	return tensors.FromFlatDataAndDimensions(x, len(x)/size, image[0], image[1], image[2])
}
