package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
)

var draws = Resampling{Times: 999, Seed: 7}

// cases are samples of every form.
func cases() map[string]Sample {
	rng := rand.New(rand.NewPCG(4, 2))
	balanced := rightOrWrong(rng, 60)
	for i := range balanced.Values {
		balanced.Values[i] += rng.NormFloat64() / 8
	}
	missing := repeated(rng, 30)
	for i := range missing.Values {
		if i%7 == 3 {
			missing.Values[i] = math.NaN()
		}
	}
	mixed := repeated(rng, 40) // units with values of two classes
	for i := range mixed.Values {
		mixed.Class = append(mixed.Class, int32(i%2))
	}
	return map[string]Sample{
		"few":      {Values: []float64{0.3, -0.1, 0.5, 0.2, 0.9, 0.4, 0.35, 0.15}, Unit: []int32{9, 8, 7, 6, 5, 4, 3, 2}},
		"normal":   unitsOf(each((*rand.Rand).NormFloat64)(rng, 50)),
		"folds":    folds(rng, 50),
		"repeated": repeated(rng, 40),
		"balanced": unitsOf(balanced),
		"missing":  missing,
		"mixed":    mixed,
	}
}

// unitsOf numbers the units.
func unitsOf(s Sample) Sample {
	for i := range s.Values {
		s.Unit = append(s.Unit, int32(i))
	}
	return s
}

// everything is all results of a sample.
func everything(s Sample) string {
	group := make([]int32, len(s.Values))
	for i, u := range s.Unit {
		group[i] = u%4 - 1
	}
	plain := s
	plain.Class = nil
	return fmt.Sprintf("%v %v %v %v %v %v %v", s.Mean(), s.Interval(0.95), s.BlockInterval(0.95), s.Bootstrap(0.95, draws),
		Randomisation(s, 0.95, draws), PairedT(s, 0.95), GroupGap(plain, group, 0.95, draws))
}

func TestOrderDoesNotMatter(t *testing.T) {
	for name, s := range cases() {
		want := everything(s)
		rng := rand.New(rand.NewPCG(1, 1))
		for range 3 {
			rng.Shuffle(len(s.Values), func(i, j int) {
				s.Values[i], s.Values[j] = s.Values[j], s.Values[i]
				for _, list := range [][]int32{s.Unit, s.Block, s.Class} {
					if list != nil {
						list[i], list[j] = list[j], list[i]
					}
				}
			})
			if got := everything(s); got != want {
				t.Errorf("%s: in another order\n%s, want\n%s", name, got, want)
			}
		}
	}
}

func TestProcessorsDoNotMatter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var samples []Sample
	for _, s := range cases() {
		samples = append(samples, s, s)
	}
	many := Resampling{Times: 5000, Seed: 3} // several chunks
	tests, means := RandomisationAll(samples, 0.95, many), BootstrapAll(samples, 0.95, many)
	runtime.GOMAXPROCS(4)
	for i, s := range samples { // one by one, on several processors
		if r := Randomisation(s, 0.95, many); !same(r, tests[i]) {
			t.Errorf("%+v, want %+v", r, tests[i])
		}
		if e := s.Bootstrap(0.95, many); !same(e, means[i]) {
			t.Errorf("%+v, want %+v", e, means[i])
		}
	}
}

// same compares results, with NaN equal to NaN.
func same(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestGapsTogetherAreGapsAlone(t *testing.T) {
	var samples []Sample
	var groups [][]int32
	for _, s := range cases() {
		s.Class = nil
		for k := range int32(3) {
			group := make([]int32, len(s.Values))
			for i, u := range s.Unit {
				group[i] = u % (2 + k)
			}
			samples, groups = append(samples, s), append(groups, group)
		}
	}
	together := GroupGapAll(samples, groups, 0.95, draws)
	for i, s := range samples {
		if alone := GroupGap(s, groups[i], 0.95, draws); !reflect.DeepEqual(alone, together[i]) {
			t.Errorf("%+v, want %+v", together[i], alone)
		}
	}
}

// The results are committed: a processor or a version of Go that changes them is noticed.
func TestStreamIsFixed(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	s := repeated(rng, 60)
	group := make([]int32, len(s.Values))
	for i := range s.Values {
		s.Values[i] = math.Round(100*(s.Values[i]-0.8)) / 128
		group[i] = s.Unit[i] % 3
	}
	b := Resampling{Times: 4999, Seed: 42}
	e, r, g := s.Bootstrap(0.95, b), Randomisation(s, 0.95, b), GroupGap(s, group, 0.95, b)
	got := fmt.Sprint(e.Low, e.High, r.P*5000, r.Difference.Low, r.Difference.High, math.Round(g.P*5000), g.Chance, g.Bound)
	const want = "-0.1951048778886553 0.2529638095164863 4152 -0.20554577464788815 0.2631209935897443 4189 0.3415356239486327 0.6616207298136645"
	if got != want {
		t.Errorf("the results are %s, want %s", got, want)
	}
	if other := s.Bootstrap(0.95, Resampling{Times: 4999, Seed: 43}); other == e {
		t.Error("another seed gives the same draws")
	}
}

func changed(s Sample, f func(float64) float64) Sample {
	values := make([]float64, len(s.Values))
	for i, v := range s.Values {
		values[i] = f(v)
	}
	s.Values = values
	return s
}

// With the signs of all differences changed, the intervals are mirrored and p is the same.
func TestSignsAreSymmetric(t *testing.T) {
	for name, s := range cases() {
		m := changed(s, func(v float64) float64 { return -v })
		for _, pair := range [][2]Result{
			{PairedT(s, 0.95), PairedT(m, 0.95)},
			{Randomisation(s, 0.95, draws), Randomisation(m, 0.95, draws)},
			{CorrectedT(s.Values, 0.25, 0.95), CorrectedT(m.Values, 0.25, 0.95)},
		} {
			a, b := pair[0], pair[1]
			if a.P != b.P || a.Effect != -b.Effect || a.Difference.Low != -b.Difference.High || a.Difference.High != -b.Difference.Low {
				t.Errorf("%s: %+v and mirrored %+v", name, a, b)
			}
		}
	}
}

// Intervals move with the values and grow with their unit; p does not know the unit.
func TestShiftAndScale(t *testing.T) {
	for name, s := range cases() {
		shift := func(v float64) float64 { return v + 2 }
		scale := func(v float64) float64 { return 8 * v }
		for _, f := range []func(float64) float64{shift, scale} {
			moved := changed(s, f)
			for _, pair := range [][2]Estimate{
				{s.Interval(0.9), moved.Interval(0.9)},
				{s.BlockInterval(0.9), moved.BlockInterval(0.9)},
				{s.Bootstrap(0.9, draws), moved.Bootstrap(0.9, draws)},
				{Randomisation(s, 0.9, draws).Difference, Randomisation(moved, 0.9, draws).Difference},
				{Prediction(s.Values, 0.9), Prediction(moved.Values, 0.9)},
			} {
				a, b := pair[0], pair[1]
				if a.Reason != b.Reason || a.Reason == "" && !(near(f(a.Value), b.Value) && near(f(a.Low), b.Low) && near(f(a.High), b.High)) {
					t.Errorf("%s: %+v moved to %+v", name, a, b)
				}
			}
		}
		if a, b := Randomisation(s, 0.9, draws), Randomisation(changed(s, scale), 0.9, draws); a.P != b.P || !near(a.Effect, b.Effect) {
			t.Errorf("%s: scaled, %+v is %+v", name, a, b)
		}
	}
}

// The interval of a randomisation test is the differences that the test does not reject.
func TestIntervalInvertsTheTest(t *testing.T) {
	for name, s := range cases() {
		for _, level := range []float64{0.95, 0.9, 0.5} {
			e := Randomisation(s, level, draws).Difference
			if e.Reason != "" {
				t.Errorf("%s: %s", name, e.Reason)
				continue
			}
			step := 1e-6 * (e.High - e.Low)
			for _, c := range []struct {
				difference float64
				rejected   bool
			}{
				{e.Low - step, true}, {e.Low + step, false}, {e.Value, false}, {e.High - step, false}, {e.High + step, true},
			} {
				p := Randomisation(changed(s, func(v float64) float64 { return v - c.difference }), level, draws).P
				if rejected := p <= 1-level+1e-12; rejected != c.rejected {
					t.Errorf("%s: p of a difference of %g is %g, and the interval of %g is [%g, %g]", name, c.difference, p, level, e.Low, e.High)
				}
			}
		}
	}
}

// All values of a unit are flipped together: more values of the same kind decide nothing more.
func TestRepeatedValuesAreNoEvidence(t *testing.T) {
	once := Sample{Values: []float64{0.3, -0.1, 0.5, 0.2, 0.9, 0.4}, Unit: []int32{0, 1, 2, 3, 4, 5}}
	var often Sample
	for block := range int32(5) {
		for i, v := range once.Values {
			often.Values = append(often.Values, v)
			often.Unit = append(often.Unit, once.Unit[i])
			often.Block = append(often.Block, block)
		}
	}
	for _, test := range []func(Sample) Result{
		func(s Sample) Result { return Randomisation(s, 0.9, draws) },
		func(s Sample) Result { return PairedT(s, 0.9) },
	} {
		a, b := test(once), test(often)
		if !near(a.P, b.P) || !near(a.Effect, b.Effect) || !near(a.Difference.Low, b.Difference.Low) || !near(a.Difference.High, b.Difference.High) {
			t.Errorf("five times the values: %+v, want %+v", b, a)
		}
		if b.N != 30 || b.Difference.Units != 6 {
			t.Errorf("%d values of %d units", b.N, b.Difference.Units)
		}
	}
	if a, b := once.Bootstrap(0.9, draws), often.Bootstrap(0.9, draws); !near(a.Low, b.Low) || !near(a.High, b.High) {
		t.Errorf("five times the values: %+v, want %+v", b, a)
	}
}

// Folds differ in their level. Draws within folds keep that out of the interval.
func TestBootstrapDrawsWithinFolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	s := folds(rng, 200)
	for i := range s.Values {
		s.Values[i] += 100 * float64(s.Block[i])
	}
	within := s.Bootstrap(0.95, draws)
	s.Block = nil
	over := s.Bootstrap(0.95, draws)
	if w, o := within.High-within.Low, over.High-over.Low; w > 1 || o < 20 {
		t.Errorf("the interval within folds is %g wide, and %g over all", w, o)
	}
}
