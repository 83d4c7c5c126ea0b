package ascent

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"foil/models/losses"
)

// SquareAttack is the Square Attack in the maximum norm (Andriushchenko et al. 2020): a random search that
// sees only logits. It changes a square of an image by epsilon at a time, and keeps the change if
// the lead of the label over the other classes falls. The squares become smaller.
type SquareAttack struct {
	Epsilon  float64
	Queries  int     // images that a try shows to the classifier, beside its start
	Restarts int     // tries
	Share    float64 // of an image that the first squares cover
}

// DefaultSquare returns the settings of AutoAttack's standard set.
func DefaultSquare(epsilon float64) SquareAttack {
	return SquareAttack{Epsilon: epsilon, Queries: 5000, Restarts: 1, Share: 0.8}
}

// Square attacks without gradients.
func (t *Target) Square(q SquareAttack, seed uint64) Fooling {
	f := Fooling{e: t.Evaluator, seed: seed}
	for restart := range q.Restarts {
		f.tries = append(f.tries, try{fmt.Sprintf("square/%d", restart), q.search})
	}
	return f
}

// search makes one try.
func (q SquareAttack) search(ctx context.Context, s *subjects) ([]float32, error) {
	size, epsilon := s.Size(), float32(q.Epsilon)
	channels, height, width := s.Config.Shape[0], s.Config.Shape[1], s.Config.Shape[2]
	best := slices.Clone(s.x) // begins with vertical stripes
	for i, draw := range s.draws {
		x, stripes := row(best, i, size), make([]float32, channels*width)
		for j := range stripes {
			stripes[j] = epsilon * way(draw)
		}
		for j, v := range x {
			x[j] = max(min(v+stripes[j/(height*width)*width+j%width], 1), 0)
		}
	}
	leads, err := q.leads(ctx, s, best, nil)
	if err != nil {
		return nil, err
	}
	var standing []int
	stand := func() {
		standing = standing[:0]
		for i, lead := range leads {
			if lead > 0 {
				standing = append(standing, i)
			}
		}
	}
	next := make([]float32, 0, len(best))
	for query := range q.Queries {
		if stand(); len(standing) == 0 {
			break
		}
		next = next[:0]
		side := q.side(query, height, width)
		for _, i := range standing {
			next = append(next, row(best, i, size)...)
			x, to, draw := row(s.x, i, size), next[len(next)-size:], s.draws[i]
			top, left := int(float32(height-side)*draw.Float32()), int(float32(width-side)*draw.Float32())
			for c := range channels {
				change := 2 * epsilon * way(draw)
				for y := top; y < top+side; y++ {
					for j := (c*height+y)*width + left; j < (c*height+y)*width+left+side; j++ {
						to[j] = clip(to[j]+change, x[j], epsilon)
					}
				}
			}
		}
		now, err := q.leads(ctx, s, next, standing)
		if err != nil {
			return nil, fmt.Errorf("query %d: %w", query+1, err)
		}
		for j, i := range standing {
			if now[j] < leads[i] || now[j] <= 0 {
				leads[i] = now[j]
				copy(row(best, i, size), row(next, j, size))
			}
		}
	}
	return best, nil
}

// leads returns by how much the label leads over the other classes, for images of the given numbers;
// nil: all.
func (q SquareAttack) leads(ctx context.Context, s *subjects, x []float32, numbers []int) ([]float64, error) {
	logits, err := s.Logits(ctx, x)
	if err != nil {
		return nil, err
	}
	classes := s.Config.Network.Classes()
	leads, d := make([]float64, len(logits)/classes), make([]float32, classes)
	for j := range leads {
		i := j
		if numbers != nil {
			i = numbers[j]
		}
		leads[j] = -losses.Margin(row(logits, j, classes), s.labels[i], d)
	}
	return leads, nil
}

// side returns the length of the side of a square. The share of the image that it covers is halved
// after fixed numbers of queries, which AutoAttack does not adapt to the number of all queries.
func (q SquareAttack) side(query, height, width int) int {
	share := q.Share
	for _, after := range []int{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000} {
		if query > after {
			share /= 2
		}
	}
	side := int(math.RoundToEven(math.Sqrt(share * float64(height*width))))
	return min(max(side, 1), height, width)
}

// way is 1 or -1.
func way(draw *rand.Rand) float32 {
	switch u := 2*draw.Float32() - 1; {
	case u > 0:
		return 1
	case u < 0:
		return -1
	}
	return 0 // as the published code, once in 16 million draws
}
