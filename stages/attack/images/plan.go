package images

import (
	"context"
	"fmt"
	"math/rand/v2"

	"foil/models/l2l"
	"foil/models/random"
)

// A plan is how a kind attacks a victim.
type plan struct {
	tries int
	batch int   // images that are attacked at once
	start noise // what the images of a try start with; nil: nothing
	// make gives the attack for an epsilon, which is that of the parameters but where
	// a rule asks what another one does.
	make func(epsilon float64) (l2l.Attack, error)
	// shorter is the same attack with one step, where more steps have to do more harm.
	shorter l2l.Attack
}

// A noise draws what is added to images.
type noise func(r *rand.Rand, to []float32, epsilon float64)

func uniform(r *rand.Rand, to []float32, epsilon float64) { random.Uniform(r, to, epsilon) }

func normal(deviation float64) noise {
	return func(r *rand.Rand, to []float32, _ float64) { random.Normal(r, to, deviation) }
}

// noise draws what a try starts with, for the gallery's first values. An image starts
// at the same place whatever the number of images, and at both checkpoints.
func (p plan) noise(g *gallery, values, try int, epsilon float64) []float32 {
	if p.start == nil {
		return nil
	}
	to := make([]float32, values)
	p.start(random.New(g.cell.Seed, fmt.Sprintf("start/%d", try)), to, epsilon)
	return to
}

// on makes an attack on images a batch at a time, so that it can be interrupted and
// told how far it is.
func (p plan) on(ctx context.Context, g *gallery, a l2l.Attack, x []float32, labels []int32, noise []float32, done func(images int)) ([]float32, error) {
	size := g.shape.Size()
	attacked := make([]float32, 0, len(x))
	for first := 0; first < len(labels); first += p.batch {
		end := min(first+p.batch, len(labels))
		var start []float32
		if noise != nil {
			start = noise[first*size : end*size]
		}
		part, err := a.Attack(ctx, x[first*size:end*size], labels[first:end], start)
		if err != nil {
			return nil, fmt.Errorf("from image %d on: %w", first, err)
		}
		attacked = append(attacked, part...)
		done(end)
	}
	return attacked, nil
}
