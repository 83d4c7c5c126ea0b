package nn

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/random"
)

// A Dropout describes how a network drops features in training mode: each with the given
// probability, independently for every image and pass. The masks are inputs of the graph, so that
// the caller owns their random stream.
type Dropout struct {
	Width       int // features of an image
	Probability float64
}

// Masks draws the masks of a step, [passes, b, width]. Features are multiplied by them: by 0, or by
// the factor that keeps the mean.
func (d Dropout) Masks(b compute.Backend, src rand.Source, passes, batch int) (*tensors.Tensor, error) {
	masks, err := backend.NewTensor(b, passes, batch, d.Width)
	if err != nil {
		return nil, err
	}
	limit, kept := random.DropoutLimit(d.Probability), float32(1/(1-d.Probability))
	bits := make([]uint16, masks.Size())
	random.Bits(src, bits)
	return masks, backend.Write(masks, func(x []float32) {
		for i, v := range bits {
			if uint32(v) >= limit {
				x[i] = kept
			}
		}
	})
}

// CheckMasks checks that masks have the shape for a number of passes of a batch in training mode,
// if the network has dropout.
func (n *Network) CheckMasks(masks *tensors.Tensor, passes, batch int) error {
	if n.Dropout == nil {
		return nil
	}
	want := []int{passes, batch, n.Dropout.Width}
	if masks == nil {
		return fmt.Errorf("the network drops features in training and needs masks of shape %v, but the batch has none", want)
	}
	if masks.Shape().CheckDims(want...) != nil {
		return fmt.Errorf("the masks have shape %v, not %v", masks.Shape().Dimensions, want)
	}
	return nil
}
