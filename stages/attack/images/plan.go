package images

import (
	"context"
	"fmt"

	"foil/models/ascent"
	"foil/models/random"
)

// A plan is how a kind attacks a victim.
type plan struct {
	tries int
	batch int                                // images that are attacked at once
	start func(epsilon float64) random.Noise // added to the images that a try starts from; nil: nothing
	// make gives the attack for an epsilon, which is that of the parameters but where
	// a rule asks what another one does.
	make func(epsilon float64) ([]leg, error)
	// climbs says that every leg has to do more harm than those before.
	climbs bool
}

// A leg is a part of an attack, which goes on from where the one before it has ended.
// The images are judged at its end.
type leg struct {
	ascent.Attack
	steps int  // that the attack has made then; 0: it does not count them
	shown bool // whether that is a result, not for the rules alone
}

// single is an attack in one leg.
func single(a ascent.Attack, err error) ([]leg, error) { return []leg{{Attack: a, shown: true}}, err }

// begin gives where a try starts from the gallery's images, as many as in x. An image
// starts at the same place whatever the number of images, and at both checkpoints.
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

// through takes images through the legs of an attack, and gives what they are at the
// end of each. They go a batch at a time, so that it can be interrupted and told how
// far it is.
func (p plan) through(ctx context.Context, g *gallery, legs []leg, x []float32, labels []int32, start []float32, done func(images int)) ([][]float32, error) {
	size := g.shape.Size()
	ends := make([][]float32, len(legs))
	for first := 0; first < len(labels); first += p.batch {
		end := min(first+p.batch, len(labels))
		at := start[first*size : end*size]
		for i, l := range legs {
			var err error
			if at, err = l.Attack.Attack(ctx, x[first*size:end*size], labels[first:end], at); err != nil {
				return nil, fmt.Errorf("from image %d on: %w", first, err)
			}
			ends[i] = append(ends[i], at...)
		}
		done(end)
	}
	return ends, nil
}
