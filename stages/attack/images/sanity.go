package images

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"

	"foil/internal/artifact/attacks"
	"foil/models/backend"
	"foil/models/nn"
)

// The rules that every attack must follow. A cell that breaks a rule fails, because its numbers
// would be misleading.

// ulp is the distance between neighbouring float32 numbers just below 1. It bounds the rounding
// error of the sum of a pixel and a change.
const ulp = 1.0 / (1 << 24)

// within returns the largest change of a pixel in every image. It is an error if a change is larger
// than epsilon, or a pixel is outside [0, 1].
func within(x, attacked []float32, size int, epsilon float64) ([]float64, error) {
	if len(x) != len(attacked) {
		return nil, fmt.Errorf("the attack gives %d values for %d", len(attacked), len(x))
	}
	changes := make([]float64, len(x)/size)
	for i, v := range attacked {
		change := math.Abs(float64(v) - float64(x[i]))
		switch {
		case !(v >= 0 && v <= 1):
			return nil, fmt.Errorf("the attack sets a pixel of image %d to %g, which is outside [0, 1]", i/size, v)
		case change > epsilon+ulp:
			return nil, fmt.Errorf("the attack changes a pixel of image %d by %g, more than epsilon, %g", i/size, change, epsilon)
		}
		changes[i/size] = max(changes[i/size], change)
	}
	return changes, nil
}

// harmlessAtZero checks on a batch that an attack with epsilon 0 changes nothing. Then the accuracy
// under attack is the clean accuracy. The batch begins with a correctly classified image, since some
// attacks do not change the others.
func (r *attackRun) harmlessAtZero(ctx context.Context) error {
	legs, err := r.build(0)
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
				return fmt.Errorf("with epsilon 0 the attack changes image %d by %g; it must not change images", first+i/size, attacked[i]-x[i])
			}
		}
	}
	return nil
}

// independent checks that the logits of an image do not depend on the other images in its batch, as
// they would in training mode.
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
				return fmt.Errorf("the logit of class %d for image %d is %g in a batch of images and %g alone: the classifier is not in evaluation mode, or has diverged", c, i, other, v)
			}
		}
	}
	return nil
}

// fingerprints returns a hash of each tensor, to detect changes.
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

// unmoved checks that weights and running statistics have not changed.
func unmoved(w *nn.Weights, before []uint64) error {
	after, err := fingerprints(w)
	if err != nil {
		return err
	}
	for i, p := range w.Params {
		if after[i] != before[i] {
			return fmt.Errorf("the attack has changed the classifier itself: %s has other values than before", p.Name)
		}
	}
	return nil
}

// stronger checks that the accuracy does not rise from one leg of an attack to a later one by more
// than noise.
func (r *attackRun) stronger(outcomes [][]attacks.Outcome) error {
	n := float64(len(r.labels))
	least, after := math.Inf(1), 0 // lowest accuracy so far, and the leg that ended with it
	for i, o := range outcomes {
		right := share(o, attacks.Outcome.Right)
		if noise := 3 * math.Sqrt(max(least*(1-least), 0.25/n)/n); i > 0 && right > least+noise {
			return fmt.Errorf("the accuracy after %d steps, %.4f, is higher than after %d steps, %.4f: the attack does not work, or the classifier masks its gradient",
				r.legs[i].steps, right, r.legs[after].steps, least)
		}
		if right < least {
			least, after = right, i
		}
	}
	return nil
}
