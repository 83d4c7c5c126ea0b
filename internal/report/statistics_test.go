package report

import (
	"math"
	"testing"
)

// The wanted values are worked out by hand.
func TestSummariseUsesTheSampleDeviation(t *testing.T) {
	for _, c := range []struct {
		values   []float64
		mean, sd float64
	}{
		{[]float64{2, 4, 4, 4, 5, 5, 7, 9}, 5, math.Sqrt(32.0 / 7)},
		{[]float64{1, 2}, 1.5, math.Sqrt(0.5)},
		{[]float64{3, 3, 3}, 3, 0},
		{[]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, 1e9 + 10, math.Sqrt(30)},
	} {
		s := Summarise(c.values)
		if s.N != len(c.values) || math.Abs(s.Mean-c.mean) > 1e-12*c.mean || math.Abs(s.SD-c.sd) > 1e-12 {
			t.Errorf("%v: got %+v, want mean %v, sd %v", c.values, s, c.mean, c.sd)
		}
	}
	if s := Summarise([]float64{0.5}); s.Mean != 0.5 || !math.IsNaN(s.SD) || s.N != 1 {
		t.Errorf("one value has no deviation: got %+v", s)
	}
	if s := Summarise(nil); !math.IsNaN(s.Mean) || s.N != 0 {
		t.Errorf("no values have no mean: got %+v", s)
	}
}

func TestBestIsTiedAfterRounding(t *testing.T) {
	for _, c := range []struct {
		better string
		means  []float64
		want   []bool
	}{
		{"higher", []float64{0.4931, 0.4934, 0.4926, 0.4920}, []bool{true, true, true, false}},
		{"lower", []float64{0.4931, 0.4934, 0.4926, 0.4920}, []bool{false, false, false, true}},
		{"lower", []float64{math.NaN(), 0.3, 0.2}, []bool{false, false, true}},
		{"", []float64{1, 2}, []bool{false, false}},
		{"higher", []float64{1}, []bool{false}},
	} {
		var rows []Row
		for _, m := range c.means {
			rows = append(rows, Row{Entries: []Entry{{Stat: Stat{Mean: m, N: 1}}}})
		}
		markBest(rows, nil, []Column{{Better: c.better, Digits: 3}})
		for i, row := range rows {
			if row.Entries[0].Best != c.want[i] {
				t.Errorf("%q of %v: row %d is best: %v", c.better, c.means, i, row.Entries[0].Best)
			}
		}
	}
}

func TestNumbersBeyondAllBaselinesAreNotBest(t *testing.T) {
	row := func(mean float64) Row { return Row{Entries: []Entry{{Stat: Stat{Mean: mean, N: 1}}}} }
	for _, c := range []struct {
		better    string
		means     []float64
		baselines []float64
		want      []bool
		beyond    bool
	}{
		{"higher", []float64{0.15, 0.18, 0.21}, []float64{0.187, 0.171}, []bool{false, true, false}, true},
		{"higher", []float64{0.15, 0.18}, []float64{0.187, 0.171}, []bool{false, true}, false},
		{"higher", []float64{0.1871, 0.18}, []float64{0.187}, []bool{true, false}, false}, // reads the same
		{"lower", []float64{0.49, 0.55}, []float64{0.5}, []bool{false, true}, true},
		{"higher", []float64{22, 23}, []float64{10}, []bool{false, false}, true},
	} {
		var rows, baselines []Row
		for _, m := range c.means {
			rows = append(rows, row(m))
		}
		for _, m := range c.baselines {
			baselines = append(baselines, row(m))
		}
		if got := markBest(rows, baselines, []Column{{Better: c.better, Digits: 3}}); got != c.beyond {
			t.Errorf("%s of %v beside %v: beyond is %v", c.better, c.means, c.baselines, got)
		}
		for i, r := range rows {
			if r.Entries[0].Best != c.want[i] {
				t.Errorf("%s of %v beside %v: row %d is best: %v", c.better, c.means, c.baselines, i, r.Entries[0].Best)
			}
		}
	}
}

func TestFixedHasNoNegativeZero(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{{-0.0001, 3, "0.000"}, {-0.0001, 4, "-0.0001"}, {0.12345, 3, "0.123"}, {-0.2, 0, "0"}, {22.96, 1, "23.0"}, {math.NaN(), 3, "NaN"}} {
		if got := fixed(c.v, c.digits); got != c.want {
			t.Errorf("%v with %d digits: got %s, want %s", c.v, c.digits, got, c.want)
		}
	}
}
