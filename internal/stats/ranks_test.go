package stats

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func TestRanksAreSciPys(t *testing.T) {
	for _, c := range readReference(t).Ranks {
		t.Run(c.Name, func(t *testing.T) {
			r := MannWhitney(c.A, c.B, 0.95)
			equal(t, "U", r.U, c.U)
			equal(t, "the share of pairs", r.Above, c.U/float64(len(c.A)*len(c.B)))
			equal(t, "p", r.P, c.P)
			equal(t, "the shift", r.Shift.Value, c.Shift)
			if c.Interval != nil {
				equalInterval(t, "the interval", r.Shift, c.Interval)
			}
		})
	}
}

// The reference has no intervals where values are equal, and none where the test cannot reject.
func TestRanks(t *testing.T) {
	upTo := func(n int) (list []float64) {
		for i := range n {
			list = append(list, float64(i))
		}
		return list
	}
	for _, c := range []struct {
		name          string
		a, b          []float64
		level         float64
		least, lowest float64 // NaN: no interval
		reason        string  // of p
		interval      string  // why there is none
	}{
		{"ten seeds", upTo(10), upTo(10), 0.95, 2.0 / 184756, -3, "", ""},
		{"all equal", []float64{1, 1, 1, 1}, []float64{1, 1, 1, 1, 1}, 0.95, 1, 0, "", ""},
		{"one of each", []float64{1}, []float64{2}, 0.95, 1, nan, "", "too few values for the level"},
		{"three of each", upTo(3), upTo(3), 0.95, 0.2, nan, "", "too few values for the level"},
		{"three at a lower level", upTo(3), upTo(3), 0.9, 0.2, -2, "", ""},
		{"no level", upTo(10), upTo(10), 1, 2.0 / 184756, nan, "", "the level is not between 0 and 1"},
		{"almost no level", upTo(3), upTo(3), 1e-300, 0.2, 0, "", ""},
		{"missing", []float64{nan, 0, 1, 2}, []float64{2, nan, nan, 1, 0}, 0.9, 0.2, -2, "", ""},
		{"none", []float64{nan}, upTo(3), 0.95, nan, nan, "no values", "no values"},
		{"infinite", []float64{math.Inf(1), 0}, upTo(3), 0.95, nan, nan, "a value is infinite", "a value is infinite"},
		{"large", []float64{1e308, 0}, []float64{-1e308}, 0.95, nan, nan, "the values are too large", "the values are too large"},
		{"as many as are counted", upTo(50), upTo(50), 0.95, 1.982410e-29, -6, "", ""},
		{"more", upTo(50), upTo(51), 0.95, nan, nan, "too many values to count all divisions", "too many values to count all divisions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := MannWhitney(c.a, c.b, c.level)
			if !agree(r.Least, c.least, 1e-6) && !math.IsNaN(r.Least+c.least) || r.Reason != c.reason || math.IsNaN(r.P) != (c.reason != "") {
				t.Errorf("%+v, want %g as the least p, reason %q", r, c.least, c.reason)
			}
			if !near(r.Shift.Low, c.lowest) && !math.IsNaN(r.Shift.Low+c.lowest) || r.Shift.Reason != c.interval {
				t.Errorf("the shift is %+v, want it from %g on, reason %q", r.Shift, c.lowest, c.interval)
			}
			if n := len(present(c.a)) + len(present(c.b)); r.Shift.N != n {
				t.Errorf("%d values, want %d", r.Shift.N, n)
			}
		})
	}
}

// Exchanged samples give the same p and the opposite shift. The order of values and a monotonic
// function do not matter to p.
func TestRanksAreSymmetric(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 50 {
		a, b := make([]float64, 1+rng.IntN(8)), make([]float64, 1+rng.IntN(8))
		for _, list := range [][]float64{a, b} {
			for i := range list {
				list[i] = float64(rng.IntN(12)) // some are equal
			}
		}
		r, exchanged := MannWhitney(a, b, 0.9), MannWhitney(b, a, 0.9)
		if r.P != exchanged.P || r.Least != exchanged.Least || !near(r.Above, 1-exchanged.Above) || r.Shift.Value != -exchanged.Shift.Value {
			t.Errorf("%v and %v: %+v, exchanged %+v", a, b, r, exchanged)
		}
		if r.Shift.Reason == "" && (r.Shift.Low != -exchanged.Shift.High || r.Shift.High != -exchanged.Shift.Low) {
			t.Errorf("%v and %v: %+v, exchanged %+v", a, b, r.Shift, exchanged.Shift)
		}
		slices.Sort(a)
		slices.Reverse(b)
		if again := MannWhitney(a, b, 0.9); !reflect.DeepEqual(again, r) && r.Shift.Reason == "" {
			t.Errorf("%v and %v: in another order %+v, want %+v", a, b, again, r)
		}
		for _, list := range [][]float64{a, b} {
			for i, v := range list {
				list[i] = math.Exp(v)
			}
		}
		if curved := MannWhitney(a, b, 0.9); curved.P != r.P || curved.U != r.U {
			t.Errorf("%v and %v: with a monotonic function %+v, want %+v", a, b, curved, r)
		}
	}
}

// Under the null hypothesis, p is at most x in at most a share x of all divisions, and the interval
// misses a shift of 0 in the divisions in which the test rejects it.
func TestRanksOverAllDivisions(t *testing.T) {
	for _, values := range [][]float64{{0, 1, 2, 4, 8, 16, 32, 64, 128}, {0, 0, 0, 1, 1, 2, 3, 3, 3}} {
		const m, level = 4, 0.8
		var ps []float64
		for mask := range 1 << len(values) {
			var a, b []float64
			for i, v := range values {
				if mask>>i&1 == 1 {
					a = append(a, v)
				} else {
					b = append(b, v)
				}
			}
			if len(a) != m {
				continue
			}
			r := MannWhitney(a, b, level)
			ps = append(ps, r.P)
			distinct := values[1] != values[0]
			if misses := r.Shift.Low > 0 || r.Shift.High < 0; distinct && misses != (r.P <= 1-level) || misses && r.P > 1-level {
				t.Errorf("%v and %v: p %g, interval [%g, %g]", a, b, r.P, r.Shift.Low, r.Shift.High)
			}
		}
		slices.Sort(ps)
		for i, p := range ps {
			if i+1 < len(ps) && ps[i+1] == p {
				continue
			}
			if share := float64(i+1) / float64(len(ps)); share > p+1e-12 {
				t.Errorf("%v: p is at most %g in %g of all divisions", values, p, share)
			}
		}
		if len(ps) != 126 {
			t.Errorf("%d divisions, want 126", len(ps))
		}
	}
}
