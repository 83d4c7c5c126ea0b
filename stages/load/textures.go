package load

import (
	"context"
	"math"
	"math/rand/v2"

	"foil/internal/artifact"
	"foil/models/random"
)

const (
	channels = 3 // red, green, blue

	// Strengths in grey levels of 255. Attacks on images may usually change a pixel by 8 levels.
	// Such a change adds or removes at most 8 * 4/pi levels of a wave. That misleads networks that
	// were trained on clean images, but need not mislead every network.
	waveStrength    = 22
	foreignStrength = 40
	brightness      = 24 // largest shift
)

// A wave is a pattern of stripes: how often it repeats across and down an image, and its strength
// in each channel, in units of 1/colourUnit.
type wave struct {
	across, down int
	colour       [channels]int64
}

const colourUnit = 256

// A painter makes images. It computes waves in integers, so that every machine makes the same
// pixels.
type painter struct {
	size  int
	noise float64 // in grey levels
	pool  []wave
	pairs [][2]int // the waves of each class
	rest  []wave   // the waves of no class
	sines [sineSteps]int64
}

const (
	sineSteps = 1 << 12 // steps of a full period
	sineUnit  = 1 << 14 // the integer for a sine of 1
)

func newPainter(p *SyntheticImagesParams, seed uint64) *painter {
	q := &painter{size: p.Size, noise: p.Noise * 255}
	for i := range q.sines {
		q.sines[i] = int64(math.Round(sineUnit * math.Sin(2*math.Pi*float64(i)/sineSteps)))
	}
	r := random.New(seed, "synthetic-images/classes")
	needed := 2 // number of waves for enough pairs
	for needed*(needed-1)/2 < p.Classes {
		needed++
	}
	all := directions(p.Size)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	q.pool, q.rest = all[:needed], all[needed:]
	for i := range all {
		all[i].colour = colour(r)
	}
	for i := range needed {
		for j := range i {
			q.pairs = append(q.pairs, [2]int{j, i})
		}
	}
	r.Shuffle(len(q.pairs), func(i, j int) { q.pairs[i], q.pairs[j] = q.pairs[j], q.pairs[i] })
	q.pairs = q.pairs[:p.Classes]
	return q
}

// directions lists distinct waves, with 2 to size/4 stripes.
func directions(size int) []wave {
	var all []wave
	most := size / 4
	for across := 0; across <= most; across++ {
		for down := -most; down <= most; down++ {
			if across == 0 && down <= 0 {
				continue // the same stripes as with both signs reversed
			}
			if n := across*across + down*down; n >= 4 && n <= most*most {
				all = append(all, wave{across: across, down: down})
			}
		}
	}
	return all
}

// colour draws a mixture of channels. The strongest channel has colourUnit.
func colour(r *rand.Rand) (c [channels]int64) {
	for i := range c {
		c[i] = int64(r.IntN(2*colourUnit+1) - colourUnit)
	}
	c[r.IntN(channels)] = colourUnit
	return c
}

// images makes the given number of images of every class. Classes alternate.
func (q *painter) images(ctx context.Context, seed uint64, part string, each int) (x artifact.ImageSet, err error) {
	r := random.New(seed, "synthetic-images/"+part)
	n := each * len(q.pairs)
	size := channels * q.size * q.size
	x = artifact.ImageSet{Label: make([]int32, n), Pixels: make([]uint8, n*size)}
	sum := make([]int64, size)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return x, err
		}
		class := i % len(q.pairs)
		x.Label[i] = int32(class)
		q.paint(r, sum, class)
		for j, v := range sum {
			level := 128 + v/(sineUnit*colourUnit)
			if q.noise > 0 {
				level += int64(math.Round(q.noise * r.NormFloat64()))
			}
			x.Pixels[i*size+j] = uint8(min(max(level, 0), 255))
		}
	}
	return x, nil
}

// paint writes an image of a class to sum, in units of sineUnit*colourUnit.
func (q *painter) paint(r *rand.Rand, sum []int64, class int) {
	shift := int64(r.IntN(2*brightness+1)-brightness) * sineUnit * colourUnit
	for i := range sum {
		sum[i] = shift
	}
	for _, i := range q.pairs[class] {
		q.lay(sum, q.pool[i], waveStrength, r.IntN(sineSteps))
	}
	q.lay(sum, q.rest[r.IntN(len(q.rest))], foreignStrength, r.IntN(sineSteps))
}

// lay adds a wave with a phase.
func (q *painter) lay(sum []int64, w wave, strength int64, phase int) {
	for y := range q.size {
		for x := range q.size {
			turn := phase + (w.across*x+w.down*y)*sineSteps/q.size
			v := strength * q.sines[turn&(sineSteps-1)]
			for c, share := range w.colour {
				sum[(c*q.size+y)*q.size+x] += v * share
			}
		}
	}
}
