package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A population draws a sample and knows its mean.
type population struct {
	name string
	mean float64
	draw func(rng *rand.Rand, units int) Sample
}

// each draws one value for each unit.
func each(of func(*rand.Rand) float64) func(*rand.Rand, int) Sample {
	return func(rng *rand.Rand, units int) Sample {
		var s Sample
		for range units {
			s.Values = append(s.Values, of(rng))
		}
		return s
	}
}

// skewed is gamma with shape 4: skewness 1.
func skewed(rng *rand.Rand) float64 {
	return rng.ExpFloat64() + rng.ExpFloat64() + rng.ExpFloat64() + rng.ExpFloat64()
}

func zeroOne(p float64) func(*rand.Rand) float64 {
	return func(rng *rand.Rand) float64 {
		if rng.Float64() < p {
			return 1
		}
		return 0
	}
}

// repeated draws one to three values for each unit, which depend on each other, in blocks.
func repeated(rng *rand.Rand, units int) Sample {
	var s Sample
	for u := range units {
		ofUnit := rng.NormFloat64()
		for b := range 1 + rng.IntN(3) {
			s.Values = append(s.Values, 1+ofUnit+0.5*rng.NormFloat64())
			s.Unit = append(s.Unit, int32(u))
			s.Block = append(s.Block, int32(b))
		}
	}
	return s
}

// rightOrWrong has classes of different size, as in balanced accuracy.
func rightOrWrong(rng *rand.Rand, units int) Sample {
	var s Sample
	for u := range units {
		class := int32(0)
		if u%5 < 2 {
			class = 1
		}
		s.Class = append(s.Class, class)
		s.Values = append(s.Values, zeroOne(0.7-0.2*float64(class))(rng))
	}
	return s
}

// folds has units in one block each.
func folds(rng *rand.Rand, units int) Sample {
	s := each(skewed)(rng, units)
	for u := range units {
		s.Unit = append(s.Unit, int32(u))
		s.Block = append(s.Block, int32(u%5))
	}
	return s
}

var populations = []population{
	{"normal", 3, each(func(rng *rand.Rand) float64 { return 3 + rng.NormFloat64() })},
	{"skewed", 4, each(skewed)},
	{"0 or 1", 0.5, each(zeroOne(0.5))},
	{"repeated units", 1, repeated},
	{"folds", 4, folds},
}

// coverage is the share of intervals that hold a value.
func coverage(t *testing.T, name string, times int, draw func(rng *rand.Rand) (e Estimate, truth float64)) {
	coverageOf(t, name, times, 0.93, 0.97, draw)
}

func coverageOf(t *testing.T, name string, times int, low, high float64, draw func(rng *rand.Rand) (e Estimate, truth float64)) {
	t.Helper()
	inside := 0
	for i := range times {
		e, truth := draw(rand.New(rand.NewPCG(16, uint64(i))))
		if e.Low <= truth && truth <= e.High {
			inside++
		}
	}
	share := float64(inside) / float64(times)
	t.Logf("%s: %.4f", name, share)
	if share < low || share > high {
		t.Errorf("%s: intervals of 95 %% hold the value in %.2f %% of the samples", name, 100*share)
	}
}

func TestIntervalCovers(t *testing.T) {
	for _, p := range populations {
		for _, units := range []int{20, 60} {
			coverage(t, p.name, 4000, func(rng *rand.Rand) (Estimate, float64) {
				return p.draw(rng, units).Interval(0.95), p.mean
			})
		}
	}
	coverage(t, "balanced", 3000, func(rng *rand.Rand) (Estimate, float64) {
		return rightOrWrong(rng, 100).Interval(0.95), 0.6
	})
}

// The comment of Interval says how much less it covers with strongly skewed values.
func TestIntervalOfExponentialValues(t *testing.T) {
	exponential := each((*rand.Rand).ExpFloat64)
	coverageOf(t, "20 units", 10000, 0.91, 0.93, func(rng *rand.Rand) (Estimate, float64) {
		return exponential(rng, 20).Interval(0.95), 1
	})
	coverageOf(t, "100 units", 10000, 0.935, 0.95, func(rng *rand.Rand) (Estimate, float64) {
		return exponential(rng, 100).Interval(0.95), 1
	})
}

func TestBlockIntervalCovers(t *testing.T) {
	const blocks, units = 20, 40
	for _, nested := range []bool{false, true} {
		coverage(t, map[bool]string{false: "seeds", true: "folds"}[nested], 2000, func(rng *rand.Rand) (Estimate, float64) {
			var s Sample
			add := func(unit, block int, v float64) {
				s.Values = append(s.Values, v)
				s.Unit = append(s.Unit, int32(unit))
				s.Block = append(s.Block, int32(block))
			}
			ofUnit := make([]float64, units)
			for u := range ofUnit {
				ofUnit[u] = rng.NormFloat64()
			}
			for b := range blocks {
				ofBlock := 0.5 * rng.NormFloat64()
				for u := range units {
					if nested {
						add(b*units+u, b, ofBlock+rng.NormFloat64())
					} else {
						add(u, b, ofBlock+ofUnit[u]+rng.NormFloat64())
					}
				}
			}
			return s.BlockInterval(0.95), 0
		})
	}
}

func TestBootstrapCovers(t *testing.T) {
	for _, p := range populations {
		coverage(t, p.name, 2000, func(rng *rand.Rand) (Estimate, float64) {
			return p.draw(rng, 100).Bootstrap(0.95, Resampling{Times: 500, Seed: rng.Uint64()}), p.mean
		})
	}
	coverage(t, "balanced", 2000, func(rng *rand.Rand) (Estimate, float64) {
		return rightOrWrong(rng, 150).Bootstrap(0.95, Resampling{Times: 500, Seed: rng.Uint64()}), 0.6
	})
}

func TestRandomisationIntervalCovers(t *testing.T) {
	for _, p := range populations {
		for _, units := range []int{10, 40} { // all patterns, and some
			if units == 10 && p.name == "0 or 1" {
				continue // few values of p are possible, and the interval covers more
			}
			coverage(t, p.name, 1500, func(rng *rand.Rand) (Estimate, float64) {
				return Randomisation(p.draw(rng, units), 0.95, Resampling{Times: 999, Seed: rng.Uint64()}).Difference, p.mean
			})
		}
	}
	coverage(t, "balanced", 1500, func(rng *rand.Rand) (Estimate, float64) {
		return Randomisation(rightOrWrong(rng, 100), 0.95, Resampling{Times: 999, Seed: rng.Uint64()}).Difference, 0.6
	})
}

// Folds whose results depend on each other as those of overlapping training sets do.
func TestCorrectedIntervalCovers(t *testing.T) {
	for _, folds := range []int{5, 10} {
		common := math.Sqrt(1 / float64(folds)) // the correlation is the share of test units
		coverage(t, "folds", 5000, func(rng *rand.Rand) (Estimate, float64) {
			shared := rng.NormFloat64()
			d := make([]float64, folds)
			for i := range d {
				d[i] = 0.1 + common*shared + math.Sqrt(1-common*common)*rng.NormFloat64()
			}
			return CorrectedT(d, 1/float64(folds-1), 0.95).Difference, 0.1
		})
	}
}

func TestPredictionCovers(t *testing.T) {
	for _, runs := range []int{2, 5, 20} {
		coverage(t, "runs", 5000, func(rng *rand.Rand) (Estimate, float64) {
			values := make([]float64, runs)
			for i := range values {
				values[i] = rng.NormFloat64()
			}
			return Prediction(values, 0.95), rng.NormFloat64()
		})
	}
}

// Under the null hypothesis, p is below x with a probability of x.
func TestPIsUniform(t *testing.T) {
	normal := func(rng *rand.Rand, units int) Sample {
		s := repeated(rng, units)
		for i := range s.Values {
			s.Values[i]--
		}
		return s
	}
	b := func(rng *rand.Rand) Resampling { return Resampling{Times: 499, Seed: rng.Uint64()} }
	for _, c := range []struct {
		name string
		p    func(rng *rand.Rand) float64
	}{
		{"paired t", func(rng *rand.Rand) float64 { return PairedT(normal(rng, 40), 0.95).P }},
		{"all sign flips", func(rng *rand.Rand) float64 { return Randomisation(normal(rng, 10), 0.95, b(rng)).P }},
		{"some sign flips", func(rng *rand.Rand) float64 { return Randomisation(normal(rng, 30), 0.95, b(rng)).P }},
		{"gap", func(rng *rand.Rand) float64 {
			s := folds(rng, 60)
			group := make([]int32, 60)
			for i := range group {
				group[i] = int32(rng.IntN(4))
			}
			return GroupGap(s, group, 0.95, b(rng)).P
		}},
	} {
		const times = 2000
		all := make([]float64, times)
		for i := range all {
			all[i] = c.p(rand.New(rand.NewPCG(61, uint64(i))))
		}
		for _, x := range []float64{0.02, 0.05, 0.1, 0.3, 0.7} {
			below := 0
			for _, p := range all {
				if p <= x {
					below++
				}
			}
			share := float64(below) / times
			if math.Abs(share-x) > 0.003+3*math.Sqrt(x*(1-x)/times) {
				t.Errorf("%s: p is at most %g in %.2f %% of the samples", c.name, x, 100*share)
			}
		}
	}
}
