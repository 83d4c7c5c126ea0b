package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGapIntervalsAreSciPys(t *testing.T) {
	for _, c := range readReference(t).GapIntervals {
		t.Run(c.Name, func(t *testing.T) {
			g := GapOf(Sample{Values: c.X}, c.Group, 0.95)
			equal(t, "the gap", g.Difference.Value, c.Gap)
			equalInterval(t, "the interval", g.Difference, c.Interval)
		})
	}
}

func TestGapDifferencesAreNumPys(t *testing.T) {
	for _, c := range readReference(t).GapDifferences {
		t.Run(c.Name, func(t *testing.T) {
			pair := GapPair{A: Sample{Values: c.A}, B: Sample{Values: c.B}, Group: c.Group, Signed: c.Signed}
			r := GapDifferences([]GapPair{pair}, 0.95, Resampling{Times: 99999, Seed: 3})[0]
			equal(t, "the difference", r.Difference.Value, c.Difference)
			if r.Exact != c.Exact {
				t.Fatalf("exact is %t, want %t", r.Exact, c.Exact)
			}
			if c.Exact {
				equal(t, "p", r.P, c.P)
			} else if off := math.Abs(r.P-c.P) / math.Sqrt(2*c.P*(1-c.P)/99999); off > 4 {
				t.Errorf("p is %g, want %g: %.1f standard errors away", r.P, c.P, off)
			}
			if c.Interval != nil {
				equalInterval(t, "the interval", r.Difference, c.Interval)
				equal(t, "p of t", GapDifferenceT(pair, 0.95).P, c.TP)
			}
		})
	}
}

// groupsOf draws values of units in two groups, in folds, some of them twice.
func groupsOf(rng *rand.Rand, units int, apart float64) (a, b Sample, group []int32) {
	for u := range units {
		g := int32(0)
		if rng.IntN(3) == 0 {
			g = 1
		}
		for range 1 + u%3/2 {
			easy := rng.NormFloat64()
			a.Values = append(a.Values, easy+0.5*rng.NormFloat64()+0.7-apart*float64(g))
			b.Values = append(b.Values, easy+0.5*rng.NormFloat64())
			a.Unit = append(a.Unit, int32(u))
			a.Block = append(a.Block, int32(len(a.Values)))
			group = append(group, g)
		}
	}
	b.Unit, b.Block = a.Unit, a.Block
	return a, b, group
}

// Rows of which one has larger values for everybody have equal gaps: p is uniform, and the interval
// covers the difference.
func TestPOfGapDifferencesIsUniform(t *testing.T) {
	const times = 1500
	var all []float64
	covered := 0
	for i := range times {
		rng := rand.New(rand.NewPCG(17, uint64(i)))
		a, b, group := groupsOf(rng, 60, 0)
		r := GapDifferences([]GapPair{{A: a, B: b, Group: group, Signed: true}}, 0.95, Resampling{Times: 399, Seed: rng.Uint64()})[0]
		all = append(all, r.P)
		if r.Difference.Low <= 0 && r.Difference.High >= 0 {
			covered++
		}
	}
	for _, x := range []float64{0.05, 0.1, 0.3, 0.7} {
		below := 0
		for _, p := range all {
			if p <= x {
				below++
			}
		}
		if share := float64(below) / times; math.Abs(share-x) > 0.01+3*math.Sqrt(x*(1-x)/times) {
			t.Errorf("p is at most %g in %.2f %% of the samples", x, 100*share)
		}
	}
	if share := float64(covered) / times; math.Abs(share-0.95) > 0.02 {
		t.Errorf("the interval covers %.3f", share)
	}
}

// Many units: a clear difference has a small p, in both directions, and the order of values is
// nothing.
func TestGapDifferencesDoNotDependOnTheOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	a, b, group := groupsOf(rng, 900, 0.4)
	pair := GapPair{A: a, B: b, Group: group}
	r := GapDifferences([]GapPair{pair}, 0.95, Resampling{Times: 999, Seed: 1})[0]
	if r.P > 1e-6 || r.Least > r.P || math.Abs(math.Abs(r.Difference.Value)-0.4) > 0.15 || r.Equal != 0 {
		t.Errorf("%+v", r)
	}
	back := pair
	back.A, back.B = pair.B, pair.A
	if o := GapDifferences([]GapPair{back}, 0.95, Resampling{Times: 999, Seed: 1})[0]; o.P != r.P || o.Difference.Value != -r.Difference.Value {
		t.Errorf("backwards: %+v", o)
	}
	order := rng.Perm(len(group))
	mixed := GapPair{}
	for _, i := range order {
		mixed.A.Values, mixed.B.Values = append(mixed.A.Values, a.Values[i]), append(mixed.B.Values, b.Values[i])
		mixed.A.Unit, mixed.A.Block = append(mixed.A.Unit, a.Unit[i]), append(mixed.A.Block, a.Block[i])
		mixed.Group = append(mixed.Group, group[i])
	}
	if o := GapDifferences([]GapPair{mixed}, 0.95, Resampling{Times: 999, Seed: 1})[0]; !same(o, r) {
		t.Errorf("another order: %+v, not %+v", o, r)
	}
}

func TestUndecidedGapDifferences(t *testing.T) {
	b := Resampling{Times: 99, Seed: 1}
	values := []float64{1, 2, 4, 3}
	shifted := []float64{1.1, 2.1, 4.1, 3.1}
	for _, c := range []struct {
		name   string
		pair   GapPair
		p      float64
		reason string // of the test, or of the interval
	}{
		{"one group", GapPair{A: Sample{Values: values}, B: Sample{Values: shifted}, Group: []int32{1, 1, 1, 1}}, math.NaN(), "fewer than two groups"},
		{"no group", GapPair{A: Sample{Values: values}, B: Sample{Values: shifted}, Group: []int32{-1, -1, -1, -1}}, math.NaN(), "no values"},
		{"a unit in two groups", GapPair{A: Sample{Values: values, Unit: []int32{0, 0, 1, 1}}, B: Sample{Values: shifted}, Group: []int32{0, 1, 0, 1}}, math.NaN(), "a unit is in two groups"},
		{"infinite", GapPair{A: Sample{Values: []float64{1, 2, math.Inf(1), 3}}, B: Sample{Values: shifted}, Group: []int32{0, 0, 1, 1}}, math.NaN(), "a value is infinite"},
		{"three groups with a sign", GapPair{A: Sample{Values: values}, B: Sample{Values: shifted}, Group: []int32{0, 0, 1, 2}, Signed: true}, math.NaN(), "fewer than two groups"},
		{"only a shift", GapPair{A: Sample{Values: values}, B: Sample{Values: shifted}, Group: []int32{0, 0, 1, 1}}, 1, "all units have the same value"},
		{"a group of one unit", GapPair{A: Sample{Values: []float64{1, 2, 4, 9}}, B: Sample{Values: shifted}, Group: []int32{0, 0, 0, 1}}, 0.125, "a group has fewer than two units"},
	} {
		r := GapDifferences([]GapPair{c.pair}, 0.95, b)[0]
		if !equalOrNaN(r.P, c.p) || r.Difference.Reason != c.reason {
			t.Errorf("%s: %+v", c.name, r)
		}
		if o := GapDifferenceT(c.pair, 0.95); !math.IsNaN(o.P) || o.Reason != c.reason {
			t.Errorf("%s: t gives %+v", c.name, o)
		}
	}
	r := GapDifferences([]GapPair{{A: Sample{Values: values}, B: Sample{Values: shifted}, Group: []int32{0, 0, 1, 1}}}, 2, b)[0]
	if r.Reason != reasonLevel {
		t.Errorf("no level: %+v", r)
	}
	large := GapPair{Group: make([]int32, 40)}
	for i := range large.Group {
		large.A.Values, large.B.Values = append(large.A.Values, float64(i*i)), append(large.B.Values, float64(i))
		large.Group[i] = int32(i % 2)
	}
	if r := GapDifferences([]GapPair{large}, 0.95, Resampling{})[0]; r.Reason != reasonDraws || !math.IsNaN(r.P) {
		t.Errorf("no draws: %+v", r)
	}
}

func equalOrNaN(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// An interval of a gap holds for all pairs of groups together.
func TestGapIntervalsHoldForAllPairs(t *testing.T) {
	const times, groups = 1500, 5
	missed := 0
	for i := range times {
		rng := rand.New(rand.NewPCG(23, uint64(i)))
		var s Sample
		var group []int32
		for u := range 100 {
			s.Values = append(s.Values, rng.NormFloat64())
			group = append(group, int32(u%groups))
		}
		if g := GapOf(s, group, 0.95); g.Difference.Low > 0 { // the groups are equal
			missed++
		}
	}
	if share := float64(missed) / times; share > 0.05+0.01 || share < 0.01 {
		t.Errorf("the interval leaves out the truth in %.1f %%", 100*share)
	}
}
