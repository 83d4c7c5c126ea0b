package stats

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Bootstrap is the mean with a percentile interval. Each draw takes as many units as there are, with
// replacement and with all their values, and computes the mean again. Units are drawn within their
// block if each unit is in one block (folds), and from all units if they are in the same blocks
// (seeds): blocks that share units are one stratum.
//
// The interval needs many units: below 100 it is too short, and Interval is better.
func (s Sample) Bootstrap(level float64, b Resampling) Estimate {
	return BootstrapAll([]Sample{s}, level, b)[0]
}

// BootstrapAll is Bootstrap of many samples. Samples that have the same units in the same blocks and
// classes share their draws, and each result is what Bootstrap returns for the sample alone.
func BootstrapAll(samples []Sample, level float64, b Resampling) []Estimate {
	results := make([]Estimate, len(samples))
	drawn := make([]*redrawn, len(samples))
	parallel(len(samples), func(i int) {
		a, reason := arrange(samples[i])
		if reason != "" {
			results[i] = undefined(reason)
			return
		}
		results[i] = a.estimate()
		switch reason = cmp.Or(a.alone(), a.alike()); {
		case reason != "":
		case !validLevel(level):
			reason = reasonLevel
		case b.Times < 1 || float64(b.Times)*(1-level)/2 < 1: // the interval would end at the extremes
			reason = reasonTimes
		}
		if reason != "" {
			results[i] = results[i].without(reason)
			return
		}
		drawn[i] = newRedrawn(a, b.Times)
	})
	groups := map[string][]*redrawn{}
	var order []string
	for _, r := range drawn {
		if r == nil {
			continue
		}
		key := r.key()
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	for _, key := range order {
		redraw(groups[key], b)
	}
	parallel(len(samples), func(i int) {
		if drawn[i] != nil {
			results[i] = drawn[i].percentiles(results[i], level)
		}
	})
	return results
}

// A redrawn sample has the means of its draws.
type redrawn struct {
	*arranged
	sums  []float64 // of the cells, as integers
	shift int
	means []float64 // NaN: a class was not drawn
}

func newRedrawn(a *arranged, times int) *redrawn {
	// A draw can take the largest cell as often as there are units.
	var largest float64
	for _, s := range a.sum {
		largest = max(largest, math.Abs(s))
	}
	_, exponent := math.Frexp(largest)
	_, more := math.Frexp(float64(a.units))
	r := &redrawn{arranged: a, sums: make([]float64, len(a.sum)), shift: 52 - exponent - more, means: make([]float64, times)}
	for i, s := range a.sum {
		r.sums[i] = math.RoundToEven(math.Ldexp(s, r.shift))
	}
	return r
}

// redrawChunk is how many draws are one piece of work, with its own random stream.
const redrawChunk = 64

// redraw fills in the means of samples with the same design.
func redraw(samples []*redrawn, b Resampling) {
	d := samples[0].design
	strata := joined(d.strata)
	parallel((b.Times+redrawChunk-1)/redrawChunk, func(k int) {
		rng := stream(b.Seed, bootstrapStream, k)
		ofUnit := make([]float64, d.units)
		ofCell := make([]float64, len(d.cells)) // how often each was drawn
		size := make([]float64, len(d.size))    // the values that were drawn in each class
		for i := k * redrawChunk; i < min((k+1)*redrawChunk, b.Times); i++ {
			clear(ofUnit)
			for _, s := range strata {
				for range s {
					ofUnit[s[below(rng.Uint64(), len(s))]]++
				}
			}
			clear(size)
			for j, c := range d.cells {
				ofCell[j] = ofUnit[c.unit]
				size[c.class] += ofCell[j] * c.n
			}
			for _, s := range samples {
				s.means[i] = s.redrawnMean(ofCell, size)
			}
		}
	})
}

// redrawnMean is the mean if the cells are taken as often as told. The sums are exact, so it does
// not matter in which order gonum adds.
func (r *redrawn) redrawnMean(times, size []float64) float64 {
	var mean float64
	for class, n := range size {
		first, last := r.first[class], r.first[class+1]
		mean += floats.Dot(times[first:last], r.sums[first:last]) / n
	}
	return math.Ldexp(mean/float64(len(size)), -r.shift)
}

// below maps a random word to a number below n.
func below(word uint64, n int) int {
	high, _ := bits.Mul64(word, uint64(n))
	return int(high)
}

// joined puts strata of a single unit together, because a unit alone cannot vary. A single one that
// is left joins the first stratum.
func joined(strata [][]int) [][]int {
	var list [][]int
	var single []int
	for _, s := range strata {
		if len(s) > 1 {
			list = append(list, s)
		} else {
			single = append(single, s...)
		}
	}
	switch {
	case len(single) > 1 || len(list) == 0:
		list = append(list, single)
	case len(single) == 1:
		list[0] = append(slices.Clone(list[0]), single...)
	}
	return list
}

// percentiles is the interval of the means, with linear interpolation.
func (r *redrawn) percentiles(e Estimate, level float64) Estimate {
	if slices.ContainsFunc(r.means, math.IsNaN) {
		return e.without("a class has too few units")
	}
	slices.Sort(r.means)
	e.Low, e.High = percentile(r.means, (1-level)/2), percentile(r.means, (1+level)/2)
	return e
}

// percentile interpolates between order statistics, like NumPy.
func percentile(rising []float64, p float64) float64 {
	at := p * float64(len(rising)-1)
	i := min(int(at), len(rising)-1)
	if i+1 == len(rising) {
		return rising[i]
	}
	return rising[i] + float64((at-float64(i))*(rising[i+1]-rising[i]))
}
