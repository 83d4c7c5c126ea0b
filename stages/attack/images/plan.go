package images

import (
	"context"
	"fmt"

	"foil/models/ascent"
	"foil/models/random"
)

// A plan describes the attack of a kind on a victim.
type plan struct {
	tries int
	batch int // number of images that are attacked together

	// start returns the noise that is added to the images at the start of a try; nil: none.
	start func(epsilon float64) random.Noise

	// build returns the attack for an epsilon: that of the parameters, or another one to check a
	// rule.
	build func(epsilon float64) ([]leg, error)

	// climbs is true if every leg must do more harm than the legs before it.
	climbs bool

	// gradients is true if the attack uses gradients of the classifier itself.
	gradients bool
}

// A leg is a part of an attack. It starts where the leg before it ended. The images are scored at
// its end.
type leg struct {
	ascent.Attack
	steps    int    // steps of the attack up to the end of the leg; 0: the attack does not count steps
	shown    bool   // true if the scores at its end are a result; otherwise only the rules use them
	name     string // of the attack, where each leg is one; otherwise ""
	blackBox bool   // true if it is an attack of its own, and uses no gradients
}

// single returns an attack as one leg.
func single(a ascent.Attack, err error) ([]leg, error) { return []leg{{Attack: a, shown: true}}, err }

// begin returns the start of a try for the images x. The start of an image does not depend on the
// number of images or the checkpoint.
func (p plan) begin(g *gallery, x []float32, try int, epsilon float64) []float32 {
	if p.start == nil {
		return x
	}
	start := make([]float32, len(x))
	p.start(epsilon)(random.New(g.cell.Seed, fmt.Sprintf("start/%d", try)), start)
	for i, v := range x {
		start[i] += v
	}
	return start
}

// through runs the legs of an attack on images, and returns the images at the end of each leg. It
// works batch by batch, so that the attack can be interrupted and reports its progress.
func (p plan) through(ctx context.Context, g *gallery, legs []leg, x []float32, labels []int32, start []float32, done func(images int)) ([][]float32, error) {
	size := g.shape.Size()
	ends := make([][]float32, len(legs))
	for first := 0; first < len(labels); first += p.batch {
		end := min(first+p.batch, len(labels))
		at := start[first*size : end*size]
		for i, l := range legs {
			attack := l.Attack
			if f, ok := attack.(ascent.Fooling); ok {
				attack = f.From(first)
			}
			var err error
			if at, err = attack.Attack(ctx, x[first*size:end*size], labels[first:end], at); err != nil {
				return nil, fmt.Errorf("images %d to %d: %w", first, end-1, err)
			}
			ends[i] = append(ends[i], at...)
			done(first + (end-first)*(i+1)/len(legs))
		}
	}
	return ends, nil
}
