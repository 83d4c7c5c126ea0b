package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The bound is not below the share of all sign patterns, whatever the differences are, and not far
// above it.
func TestTailBound(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, draw := range map[string]func() float64{
		"normal":  random.NormFloat64,
		"skewed":  random.ExpFloat64,
		"equal":   func() float64 { return 1 },
		"rare":    func() float64 { return math.Pow(random.ExpFloat64(), 4) },
		"hits":    func() float64 { return float64(random.IntN(3) - 1) },
		"shifted": func() float64 { return 0.7 + random.NormFloat64() },
	} {
		const units = 18
		s := Sample{Values: make([]float64, units)}
		for i := range s.Values {
			s.Values[i] = draw()
		}
		a, _ := arrange(s)
		test := newFlipTest(a)
		job := &subsetJob{list: test.terms.list, sums: make([]float64, 1<<units)}
		subsetSums([]*subsetJob{job}, enumerate)
		for _, share := range []float64{0.2, 0.4, 0.6, 0.8, 1} {
			var most float64
			for _, v := range test.terms.list {
				most += math.Abs(v)
			}
			sum, as := share*most, 0.0
			for _, flipped := range job.sums {
				if math.Abs(test.terms.total-2*flipped) >= sum-tolerance {
					as++
				}
			}
			exact, bound := as/float64(len(job.sums)), test.tailBound(sum)
			if bound < exact {
				t.Errorf("%s, sum %g: bound %g is below %g", name, share, bound, exact)
			}
			if name == "normal" && exact > 1e-4 && bound > 10*exact {
				t.Errorf("%s, sum %g: bound %g is far above %g", name, share, bound, exact)
			}
		}
	}
}

// A clear difference has a p that a correction for many comparisons leaves clear. A weak one has the p
// that was counted.
func TestSmallP(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	s := Sample{Values: make([]float64, 400)}
	for i := range s.Values {
		s.Values[i] = 0.5 + random.NormFloat64()
	}
	r := Randomisation(s, 0.95, draws)
	exact := PairedT(s, 0.95).P
	if r.P > 1e-12 || r.P < exact || r.Least > r.P || r.Least < 1e-300 {
		t.Errorf("p %g (least %g) beside a t-test's %g", r.P, r.Least, exact)
	}
	for i := range s.Values {
		s.Values[i] -= 0.4
	}
	if r := Randomisation(s, 0.95, draws); r.P < 0.001 || math.Abs(r.P*1000-math.Round(r.P*1000)) > 1e-9 {
		t.Errorf("p %g is not a count", r.P)
	}
	for i := range s.Values {
		s.Values[i] = 1
	}
	if r := Randomisation(s, 0.95, draws); !(r.P > 0) || r.P != r.Least {
		t.Errorf("equal differences: p %g, least %g", r.P, r.Least)
	}
}
