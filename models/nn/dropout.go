package nn

import (
	"fmt"
	"math/rand/v2"

	"foil/models/random"
)

// A Dropout describes how a network drops features in training mode: each with the given
// probability, independently for every image and pass. Whoever
// trains a network draws the masks, and so owns their random stream.
type Dropout struct {
	Width       int // features of an image
	Probability float64
}

// Masks draws the masks of a step, [passes, b, width]. Features are multiplied by them: by 0, or by
// the factor that keeps the mean.
func (d Dropout) Masks(src rand.Source, passes, batch int) []float32 {
	limit, kept := random.DropoutLimit(d.Probability), float32(1/(1-d.Probability))
	bits := make([]uint16, passes*batch*d.Width)
	random.Bits(src, bits)
	masks := make([]float32, len(bits))
	for i, v := range bits {
		if uint32(v) >= limit {
			masks[i] = kept
		}
	}
	return masks
}

// Check checks that masks are those of a number of passes of a batch.
func (d Dropout) Check(masks []float32, passes, batch int) error {
	if masks == nil {
		return fmt.Errorf("the network drops features in training and needs masks of shape %v, but the batch has none", []int{passes, batch, d.Width})
	}
	if len(masks) != passes*batch*d.Width {
		return fmt.Errorf("the masks have %d values, not those of shape %v", len(masks), []int{passes, batch, d.Width})
	}
	return nil
}
