package images

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"

	"foil/internal/artifact"
	"foil/models/backend"
	"foil/models/nn"
)

// The rules that every attack is held to. A cell that breaks one fails: its numbers
// would not mean what they say.

// ulp is the distance between neighbouring numbers of float32 right below 1: by so
// much the sum of a pixel and a change can be off.
const ulp = 1.0 / (1 << 24)

// within returns the largest change of every image. None may be larger than epsilon,
// and no pixel may leave [0, 1].
func within(x, attacked []float32, size int, epsilon float64) ([]float64, error) {
	if len(x) != len(attacked) {
		return nil, fmt.Errorf("the attack gives %d values for %d", len(attacked), len(x))
	}
	changes := make([]float64, len(x)/size)
	for i, v := range attacked {
		change := math.Abs(float64(v) - float64(x[i]))
		switch {
		case !(v >= 0 && v <= 1):
			return nil, fmt.Errorf("the attack takes a pixel of image %d to %g, out of [0, 1]", i/size, v)
		case change > epsilon+ulp:
			return nil, fmt.Errorf("the attack changes a pixel of image %d by %g, more than epsilon, %g", i/size, change, epsilon)
		}
		changes[i/size] = max(changes[i/size], change)
	}
	return changes, nil
}

// harmlessAtZero checks on a batch that an attack that may change nothing changes
// nothing: then its accuracy is the clean one, to the last image. The batch begins
// with an image that is taken for what it is, since some attacks leave others alone.
func (r *attackRun) harmlessAtZero(ctx context.Context) error {
	legs, err := r.make(0)
	if err != nil {
		return err
	}
	size := r.shape.Size()
	first := 0
	for first < len(r.labels)-1 && r.clean[first].Class != r.labels[first] {
		first++
	}
	end := min(first+r.batch, len(r.labels))
	x := r.pixels[first*size : end*size]
	ends, err := r.through(ctx, r.gallery, legs, x, r.labels[first:end], r.begin(r.gallery, x, 0, 0), func(int) {})
	if err != nil {
		return err
	}
	for _, attacked := range ends {
		if len(attacked) != len(x) {
			return fmt.Errorf("the attack gives %d values for %d", len(attacked), len(x))
		}
		for i := range x {
			if attacked[i] != x[i] {
				return fmt.Errorf("with epsilon 0 the attack still changes image %d, by %g", first+i/size, attacked[i]-x[i])
			}
		}
	}
	return nil
}

// independent checks that what the classifier says of an image does not depend on
// those beside it, as it would in training mode.
func (r *attackRun) independent(ctx context.Context) error {
	few, size := min(len(r.labels), 4), r.shape.Size()
	beside, err := r.logits(ctx, r.pixels[:min(len(r.labels), batch)*size])
	if err != nil {
		return err
	}
	for i := range few {
		alone, err := r.logits(ctx, r.pixels[i*size:(i+1)*size])
		if err != nil {
			return err
		}
		for c, v := range alone {
			other := float64(beside[i*len(alone)+c])
			if !(math.Abs(float64(v)-other) <= 1e-3*(1+math.Abs(other))) {
				return fmt.Errorf("the logit of class %d for image %d is %g beside other images and %g alone: the classifier is not in evaluation mode, or has diverged", c, i, other, v)
			}
		}
	}
	return nil
}

// fingerprints tell whether tensors have changed.
func fingerprints(w *nn.Weights) ([]uint64, error) {
	out := make([]uint64, len(w.Tensors))
	for i, t := range w.Tensors {
		h := fnv.New64a()
		err := backend.Read(t, func(values []float32) {
			var b [4]byte
			for _, v := range values {
				binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
				h.Write(b[:])
			}
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.Params[i].Name, err)
		}
		out[i] = h.Sum64()
	}
	return out, nil
}

// unmoved checks that weights and running statistics are what they were.
func unmoved(w *nn.Weights, before []uint64) error {
	after, err := fingerprints(w)
	if err != nil {
		return err
	}
	for i, p := range w.Params {
		if after[i] != before[i] {
			return fmt.Errorf("the attack has changed the classifier itself: %s is another one now", p.Name)
		}
	}
	return nil
}

// stronger checks that no leg of an attack leaves the classifier right on more images than
// one before it, but for noise.
func (r *attackRun) stronger(outcomes [][]artifact.Outcome) error {
	n := float64(len(r.labels))
	least, after := math.Inf(1), 0 // share of the images, and at whose end
	for i, o := range outcomes {
		right := share(o, artifact.Outcome.Right)
		if noise := 3 * math.Sqrt(max(least*(1-least), 0.25/n)/n); i > 0 && right > least+noise {
			return fmt.Errorf("after %d steps the classifier is right on %.4f of the images, after %d on %.4f: the attack does not work, or the classifier hides its gradient",
				r.legs[i].steps, right, r.legs[after].steps, least)
		}
		if right < least {
			least, after = right, i
		}
	}
	return nil
}
