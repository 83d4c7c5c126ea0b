package chart

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

func TestTicksAreRoundNumbers(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      []string
	}{
		{0, 1, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{0.1, 0.3, []string{"0.10", "0.15", "0.20", "0.25", "0.30"}},
		{1.43, 2.25, []string{"1.6", "1.8", "2.0", "2.2"}},
		{-1, 1, []string{"−1.0", "−0.5", "0.0", "0.5", "1.0"}},
		{0, 1000, []string{"0", "200", "400", "600", "800", "1000"}},
		{999.9, 1000.1, []string{"999.90", "999.95", "1000.00", "1000.05", "1000.10"}},
		{0, 5e6, []string{"0", "1e6", "2e6", "3e6", "4e6", "5e6"}},
		{9e6, 1.1e7, []string{"9.0e6", "9.5e6", "1.00e7", "1.05e7", "1.10e7"}},
		{0, 3e-9, []string{"0", "1e−9", "2e−9", "3e−9"}},
		{-3e-9, 0, []string{"−3e−9", "−2e−9", "−1e−9", "0"}},
		{0, most, []string{"0", "1e307", "2e307", "3e307", "4e307"}},
	} {
		s := strideFor(c.high-c.low, 5)
		if got := s.labels(s.within(c.low, c.high)); !slices.Equal(got, c.want) {
			t.Errorf("%g to %g: got %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestFewPlacesAreTicksThemselvesWhereTheyHaveRoom(t *testing.T) {
	for _, c := range []struct {
		places []int
		width  vg.Length
		want   string
	}{
		{nil, 300, ""},
		{[]int{7}, 300, "7"},
		{[]int{1, 10, 40, 100}, 300, "1 10 40 100"},
		{[]int{1, 2, 40, 100}, 100, "20 40 60 80 100"},
		{[]int{1, 2, 3}, 300, "1 2 3"},
		{[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 300, "2 4 6 8 10 12"},
	} {
		var points []Point
		for _, x := range c.places {
			points = append(points, point(x, 1))
		}
		chart := &Chart{X: Axis{Discrete: true}, Lines: []Line{{"l", points}}}
		var got []string
		for _, tick := range chart.along(chart.horizontal(6), c.width, sizes[Page].face) {
			got = append(got, tick.Label)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: got %q, want %q", c.places, got, c.want)
		}
	}
}

// FuzzScale holds whatever is drawn to the promises that a scale makes.
func FuzzScale(f *testing.F) {
	f.Add(0.0, 1.0, false, false)
	f.Add(1000.0, 1000.0, false, false)
	f.Add(math.MaxFloat64, -math.MaxFloat64, false, false)
	f.Add(5e-324, 0.0, true, false)
	f.Add(0.3, 0.1, true, true)
	f.Add(math.NaN(), math.Inf(1), false, true)
	f.Add(200.0, 900.0, false, false)
	f.Add(-900.0, -1e-7, false, false)
	f.Fuzz(func(t *testing.T, a, b float64, asMin, asMax bool) {
		checkScale(t, a, b, asMin, asMax, Axis{})
		checkScale(t, a, b, asMin, asMax, Axis{Scale: Log})
		checkScale(t, a, b, asMin, asMax, Axis{Scale: SymLog, Linear: math.Abs(b)})
	})
}

func checkScale(t *testing.T, a, b float64, asMin, asMax bool, axis Axis) {
	t.Helper()
	c := &Chart{Y: axis, Lines: []Line{{Points: []Point{{1, a, math.NaN(), math.NaN()}, {2, b, a, b}}}}}
	if low, high := min(a, b), max(a, b); low < high { // as a layout's check has it
		if asMin {
			c.Min = &low
		}
		if asMax {
			c.Max = &high
		}
	}
	s := c.placed().vertical(5)
	if !(s.low < s.high) || math.IsInf(s.high-s.low, 0) {
		t.Fatalf("%g, %g: the axis goes from %g to %g", a, b, s.low, s.high)
	}
	for _, v := range []float64{a, b} {
		v = axis.place(v)
		if drawable(v) && c.Min == nil && c.Max == nil && !(v >= s.low-(s.high-s.low)*1e-5 && v <= s.high+(s.high-s.low)*1e-5) {
			t.Errorf("%g, %g: %g is beyond an axis from %g to %g", a, b, v, s.low, s.high)
		}
	}
	if len(s.ticks) > 12 || len(s.ticks) < 1 {
		t.Errorf("%g, %g, %v: from %g to %g ticks %v", a, b, axis, s.low, s.high, s.ticks)
	}
	for i := range s.ticks {
		if i > 0 && s.ticks[i].Label == s.ticks[i-1].Label {
			t.Errorf("%g, %g, %v: equal labels %v", a, b, axis, s.ticks)
		}
	}
}
