package stats

import (
	"math"
	"slices"
	"strings"
	"testing"
)

var nan = math.NaN()

// What the data cannot tell is NaN with a reason, in every method.
func TestUndefined(t *testing.T) {
	for _, c := range []struct {
		name   string
		sample Sample
		value  float64
		reason string
		p      float64 // of sign flips
	}{
		{"nothing", Sample{}, nan, "no values", nan},
		{"all missing", Sample{Values: []float64{nan, nan, nan}}, nan, "no values", nan},
		{"one", Sample{Values: []float64{0.3}}, 0.3, "fewer than two values", nan},
		{"one is left", Sample{Values: []float64{nan, 0.3, nan}}, 0.3, "fewer than two values", nan},
		{"one unit", Sample{Values: []float64{1, 2}, Unit: []int32{4, 4}, Block: []int32{0, 1}}, 1.5, "fewer than two units", nan},
		{"equal", Sample{Values: []float64{1, 1, 1, 1}}, 1, "all units have the same value", 0.125},
		{"equal after rounding", Sample{Values: []float64{0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2}}, 0.3, "all units have the same value", 0.125},
		{"equal units", Sample{Values: []float64{1, 2, 1, 2}, Unit: []int32{0, 0, 1, 1}, Block: []int32{0, 1, 0, 1}}, 1.5, "all units have the same value", 0.5},
		{"equal classes", Sample{Values: []float64{1, 1, 3, 3}, Class: []int32{0, 0, 1, 1}}, 2, "all units of a class have the same value", 0.125},
		{"no difference", Sample{Values: []float64{0, 0, 0}}, 0, "all units have the same value", 1},
		{"infinite", Sample{Values: []float64{1, math.Inf(-1), 3}}, nan, "a value is infinite", nan},
		{"large", Sample{Values: []float64{1e308, -1e308, 1e308, -1e308}}, nan, "the values are too large", nan},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := func(what string, e Estimate) {
				t.Helper()
				if e.Reason != c.reason || !math.IsNaN(e.Low) || !math.IsNaN(e.High) || !near(e.Value, c.value) && !math.IsNaN(e.Value+c.value) {
					t.Errorf("%s is %+v, want %g: %s", what, e, c.value, c.reason)
				}
			}
			check("the interval", c.sample.Interval(0.95))
			check("the interval by block", c.sample.BlockInterval(0.95))
			check("the bootstrap", c.sample.Bootstrap(0.95, draws))
			flips := Randomisation(c.sample, 0.95, draws)
			check("the difference", flips.Difference)
			if flips.P != c.p && !math.IsNaN(flips.P+c.p) || math.IsNaN(flips.P) != (flips.Reason != "") || !math.IsNaN(flips.Effect) {
				t.Errorf("the test is %+v, want p %g", flips, c.p)
			}
			student := PairedT(c.sample, 0.95)
			check("the difference of the t test", student.Difference)
			if c.p == 1 && (student.P != 1 || student.Reason != "") || c.p != 1 && (!math.IsNaN(student.P) || student.Reason != c.reason) {
				t.Errorf("the t test is %+v", student)
			}
			if m := c.sample.Mean(); !near(m, c.value) && !math.IsNaN(m+c.value) {
				t.Errorf("the mean is %g, want %g", m, c.value)
			}
		})
	}
}

func TestUndefinedForOtherReasons(t *testing.T) {
	s := Sample{Values: []float64{0.3, 0.5, 0.1, 0.9, 0.2, 0.7}}
	one := Sample{Values: s.Values, Class: []int32{0, 0, 0, 0, 0, 1}}
	huge := Sample{Values: []float64{1e300, 2e300, -1e300}}
	tiny := Sample{Values: []float64{1e-320, 2e-320, 5e-320}}
	infinite := Sample{Values: []float64{1, 2, math.Inf(1)}}
	for _, c := range []struct {
		name   string
		got    Estimate
		reason string
	}{
		{"level 0", s.Interval(0), "the level is not between 0 and 1"},
		{"level 1", s.Bootstrap(1, draws), "the level is not between 0 and 1"},
		{"level NaN", Randomisation(s, nan, draws).Difference, "the level is not between 0 and 1"},
		{"level 95", Prediction(s.Values, 95), "the level is not between 0 and 1"},
		{"no draws", s.Bootstrap(0.95, Resampling{}), "too few draws for the level"},
		{"few draws", s.Bootstrap(0.95, Resampling{Times: 20}), "too few draws for the level"},
		{"a class of one", one.Interval(0.95), "a class has fewer than two units"},
		{"a class that draws miss", one.Bootstrap(0.95, draws), "a class has too few units"},
		{"one block", s.BlockInterval(0.95), "fewer than two folds or seeds"},
		{"huge", huge.Interval(0.95), reasonRange},
		{"tiny", tiny.Interval(0.95), reasonRange},
		{"infinite", CorrectedT(infinite.Values, 0.25, 0.95).Difference, "a value is infinite"},
		{"five folds", Randomisation(Sample{Values: s.Values[:5]}, 0.95, draws).Difference, "5 pairs cannot give an interval of 95 % by sign flips"},
		{"six folds", Randomisation(s, 0.99, draws).Difference, "6 pairs cannot give an interval of 99 % by sign flips"},
		{"one fold", CorrectedT(s.Values[:1], 0.25, 0.95).Difference, "fewer than two values"},
		{"a negative share", CorrectedT(s.Values, -0.25, 0.95).Difference, "the share of test units is not valid"},
		{"no share", CorrectedT(s.Values, nan, 0.95).Difference, "the share of test units is not valid"},
		{"one run", Prediction([]float64{nan, 3}, 0.95), "fewer than two values"},
		{"one published run", PredictionFrom(0.5, 0.01, 1, 0.95), "fewer than two runs"},
		{"no deviation", PredictionFrom(0.5, 0, 5, 0.95), "the standard deviation is zero"},
		{"negative deviation", PredictionFrom(0.5, -1, 5, 0.95), "no valid mean and deviation"},
		{"no mean", PredictionFrom(nan, 1, 5, 0.95), "no valid mean and deviation"},
	} {
		if c.got.Reason != c.reason || !math.IsNaN(c.got.Low) || !math.IsNaN(c.got.High) {
			t.Errorf("%s: %+v, want %q", c.name, c.got, c.reason)
		}
	}
	many := Sample{Values: make([]float64, 40)}
	for i := range many.Values {
		many.Values[i] = float64(i*i%17) - 4
	}
	if r := Randomisation(many, 0.95, Resampling{}); !math.IsNaN(r.P) || r.Reason != "no draws" || r.Difference.Reason != "too few draws for the level" {
		t.Errorf("without draws: %+v", r)
	}
}

// Least is the smallest p, which a test reaches when all differences have one sign.
func TestLeast(t *testing.T) {
	of := func(n int) Sample {
		s := Sample{Values: make([]float64, n)}
		for i := range s.Values {
			s.Values[i] = float64(i + 1)
		}
		return s
	}
	zeros := of(40)
	for i := range 36 {
		zeros.Values[i] = 0
	}
	for _, c := range []struct {
		name  string
		d     Sample
		least float64
		exact bool
	}{
		{"two folds", of(2), 0.5, true},
		{"five folds", of(5), 0.0625, true},
		{"sixteen units", of(16), 2.0 / 65536, true},
		{"seventeen units", of(17), 0.000941, false}, // the bound: the least of all patterns is 2/131072
		{"four units with a difference", zeros, 0.125, true},
	} {
		r := Randomisation(c.d, 0.95, draws)
		if r.Least != c.least || r.P != c.least || r.Exact != c.exact {
			t.Errorf("%s: %+v, want p %g", c.name, r, c.least)
		}
	}
}

// Missing values do not enter, and N says how many remain.
func TestMissingValuesAreLeftOut(t *testing.T) {
	a := Sample{Values: []float64{1, nan, 3, 4, 7}, Unit: []int32{1, 2, 3, 4, 5}}
	b := Sample{Values: []float64{0, 2, nan, 1, 2}, Unit: []int32{1, 2, 3, 4, 5}}
	d, err := Paired(a, b)
	if err != nil {
		t.Fatal(err)
	}
	rest := Sample{Values: []float64{1, 3, 5}}
	if got, want := PairedT(d, 0.95), PairedT(rest, 0.95); got != want || got.N != 3 {
		t.Errorf("the test is %+v, want %+v", got, want)
	}
	if got, want := Randomisation(d, 0.5, draws), Randomisation(rest, 0.5, draws); got != want || got.N != 3 {
		t.Errorf("the test is %+v, want %+v", got, want)
	}
	if got, want := d.Bootstrap(0.9, draws), rest.Bootstrap(0.9, draws); got != want {
		t.Errorf("the bootstrap is %+v, want %+v", got, want)
	}
}

func TestCorrectionsLeaveOutMissingTests(t *testing.T) {
	p := []float64{0.04, nan, 0.01, 0.03}
	for _, c := range []struct {
		got, want []float64
	}{
		{Holm(p), []float64{0.06, nan, 0.03, 0.06}},
		{BenjaminiHochberg([]float64{0.035, nan, 0.02, 0.03}), []float64{0.035, nan, 0.035, 0.035}},
		{Holm(nil), []float64{}},
		{BenjaminiHochberg([]float64{nan}), []float64{nan}},
		{Holm([]float64{1, 0}), []float64{1, 0}},
	} {
		if !slices.EqualFunc(c.got, c.want, func(a, b float64) bool { return near(a, b) || math.IsNaN(a) && math.IsNaN(b) }) {
			t.Errorf("corrected to %g, want %g", c.got, c.want)
		}
	}
	if p[0] != 0.04 || p[2] != 0.01 {
		t.Error("the list of the caller has changed")
	}
}

func TestGapWithoutAnswer(t *testing.T) {
	s := Sample{Values: []float64{1, 2, 3, 4}, Unit: []int32{0, 0, 1, 2}, Block: []int32{0, 1, 0, 0}}
	balanced := Sample{Values: s.Values, Class: []int32{0, 0, 1, 1}}
	for _, c := range []struct {
		name   string
		gap    Gap
		reason string
	}{
		{"one group", GroupGap(s, []int32{1, 1, 1, 1}, 0.95, draws), "fewer than two groups"},
		{"no group", GroupGap(s, []int32{-1, -1, -1, -1}, 0.95, draws), "no values"},
		{"a unit in two groups", GroupGap(s, []int32{0, 1, 1, 1}, 0.95, draws), "a unit is in two groups"},
		{"classes", GroupGap(balanced, []int32{0, 1, 1, 1}, 0.95, draws), "a gap between means over classes has no test"},
		{"no level", GroupGap(s, []int32{0, 0, 1, 1}, 0, draws), "the level is not between 0 and 1"},
	} {
		if c.gap.Reason != c.reason || !math.IsNaN(c.gap.P) || !math.IsNaN(c.gap.Value) {
			t.Errorf("%s: %+v, want %q", c.name, c.gap, c.reason)
		}
	}
	g := GroupGap(s, []int32{7, 7, -1, 3}, 0.95, draws) // the third value is in no group
	if g.Reason != "" || g.Largest != 3 || g.Smallest != 7 || g.Value != 2.5 || g.N != 3 || g.Units != 2 || g.P != 1 || !g.Exact {
		t.Errorf("the gap is %+v", g)
	}
	many := Sample{Values: make([]float64, 60)}
	group := make([]int32, 60)
	for i := range group {
		group[i] = int32(i % 2)
	}
	if g := GroupGap(many, group, 0.95, draws); g.P != 1 || g.Value != 0 {
		t.Errorf("without differences, the gap is %+v", g)
	}
	if g := GroupGap(many, group, 0.95, Resampling{}); !math.IsNaN(g.P) || g.Reason != "no draws" || g.Value != 0 {
		t.Errorf("without draws, the gap is %+v", g)
	}
}

// Slices of different lengths are a mistake in the program.
func TestLengthsMustAgree(t *testing.T) {
	for name, call := range map[string]func(){
		"units":  func() { Sample{Values: []float64{1}, Unit: []int32{}}.Mean() },
		"blocks": func() { Sample{Values: []float64{1}, Block: []int32{1, 2}}.Interval(0.95) },
		"groups": func() { GroupGap(Sample{Values: []float64{1, 2}}, []int32{1}, 0.95, draws) },
		"all":    func() { GroupGapAll([]Sample{{}}, nil, 0.95, draws) },
	} {
		func() {
			defer func() {
				if e, _ := recover().(string); !strings.HasPrefix(e, "stats: ") {
					t.Errorf("%s: panic is %q", name, e)
				}
			}()
			call()
		}()
	}
}
