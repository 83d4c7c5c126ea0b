package report

import (
	"math"
	"strings"
	"testing"

	"foil/internal/report/grid"
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
		{[]float64{1e308, 1e308}, 1e308, 0},
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

func TestBestComparesValues(t *testing.T) {
	for _, c := range []struct {
		better string
		means  []float64
		want   []bool
	}{
		{"higher", []float64{0.4931, 0.4934, 0.4926, 0.4934}, []bool{false, true, false, true}},
		{"lower", []float64{0.4931, 0.4934, 0.4926, 0.4920}, []bool{false, false, false, true}},
		{"lower", []float64{3e-4, 2e-5, 3e-7, 1e-9}, []bool{false, false, false, true}},
		{"lower", []float64{math.NaN(), 0.3, 0.2}, []bool{false, false, true}},
		{"higher", []float64{math.Inf(1), 31.2, 30.9}, []bool{false, true, false}},
		{"lower", []float64{math.Inf(-1), 0.3, 0.2}, []bool{false, false, true}},
		{"lower", []float64{math.Inf(1), math.Inf(1)}, []bool{false, false}},
		{"higher", []float64{math.Inf(1), 0.3}, []bool{false, false}}, // one number is not the best of anything
		{"", []float64{1, 2}, []bool{false, false}},
		{"higher", []float64{1}, []bool{false}},
	} {
		var rows []Row
		for _, m := range c.means {
			e := Entry{Stat: Stat{Mean: m, N: 1}}
			if !finite(m) {
				e = Entry{NotFinite: []float64{m}}
			}
			rows = append(rows, Row{Entries: []Entry{e}})
		}
		(&Table{Rows: rows}).markAny([]Column{{Better: c.better, Digits: 3}})
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
		{"higher", []float64{0.1871, 0.18}, []float64{0.187}, []bool{false, true}, true},
		{"higher", []float64{0.187, 0.18}, []float64{0.187}, []bool{true, false}, false},
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
		table := &Table{Rows: rows, Baselines: baselines}
		if table.markAny([]Column{{Better: c.better, Digits: 3}}); table.Beyond != c.beyond {
			t.Errorf("%s of %v beside %v: beyond is %v", c.better, c.means, c.baselines, table.Beyond)
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

// Two cells with one artifact are one computation.
func TestRepeatedArtifactsAreNoted(t *testing.T) {
	cell := newCell([]Axis{axis("seed", 0)}, metric("x", 1))
	same := cell
	same.Axes = []Axis{axis("seed", 1)}
	for note, cells := range map[bool][]Cell{true: {cell, same}, false: {cell, newCell(same.Axes, metric("x", 1))}} {
		r := build(t, decodeLayout(t, "over: [seed]\ncolumns: [{title: X, from: m, metric: x}]\ntables: [{title: t, rows: [{name: a}]}]"), map[string][]Cell{"m": cells})
		found := false
		for _, n := range r.Grid().Tables[0].Caption {
			found = found || n.Text == repeatedNote
		}
		if found != note {
			t.Errorf("noted %v, want %v", found, note)
		}
	}
}

func TestFormatKeepsSignificantDigits(t *testing.T) {
	for _, c := range []struct {
		digits int
		means  []float64
		want   string
	}{
		{3, []float64{0.5, 0.4931, 0}, "0.500 0.493 0.000"},
		{3, []float64{3e-4, 2e-5, 3e-7, 1e-9, 0}, "3.00e-04 2.00e-05 3.00e-07 1.00e-09 0.000"},
		{3, []float64{0.5, 2e-5, -1e-9}, "0.500 2.00e-05 -1.00e-09"},
		{3, []float64{0.008, 0.0064}, "0.008 0.006"},
		{3, []float64{0.008, 0.0004}, "8.00e-03 4.00e-04"},
		{3, []float64{0.01, 0.0004}, "0.010 4.00e-04"},
		{0, []float64{1234, 0.2}, "1234 2.0e-01"},
		{1, []float64{0.14, 0.24}, "0.1 0.2"},
		{0, []float64{0.6, 0.9}, "1 1"},
		{1, []float64{22.96, 123456789}, "23.0 123456789.0"},
		{3, []float64{1.5e9, 2, -3e300}, "1.50e+09 2.000 -3.00e+300"},
	} {
		f := formatOf(c.digits, c.means)
		var got []string
		for _, m := range c.means {
			got = append(got, f.mean(m))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: got %s, want %s", c.means, strings.Join(got, " "), c.want)
		}
	}
	for _, c := range []struct {
		means    []float64
		sd, mean float64
		want     string
	}{
		{[]float64{0.5}, 1e-9, 0.5, "0.000"}, {[]float64{0.5}, 0.0123, 0.5, "0.012"}, {[]float64{3e-4}, 2e-5, 3e-4, "2.00e-05"},
		{[]float64{0.5, 1e-9}, 2e-9, 1e-9, "2.00e-09"}, {[]float64{0.5}, 2e300, 0.5, "2.00e+300"},
	} {
		if got := formatOf(3, c.means).deviation(c.sd, c.mean); got != c.want {
			t.Errorf("deviation %v of %v: got %s, want %s", c.sd, c.mean, got, c.want)
		}
	}
}

// Infinite and undefined values are listed with their own n, and enter no mean.
func TestNumbersWithValuesThatAreNotFinite(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		values []float64
		full   int
		want   string
	}{
		{[]float64{1, 3}, 2, "2.000 ± 1.414 n= odd="},
		{[]float64{1, 3, inf}, 3, "2.000 ± 1.414 n=2 odd=+Inf 1"},
		{[]float64{1, inf, -inf, math.NaN(), inf}, 5, "1.000 ±  n=1 odd=+Inf 2, -Inf 1, NaN 1"},
		{[]float64{inf, inf}, 2, " ±  n= odd=+Inf "},
		{[]float64{inf}, 2, " ±  n= odd=+Inf 1"},
		{[]float64{inf, math.NaN()}, 2, " ±  n= odd=+Inf 1, NaN 1"},
	} {
		var cells []Cell
		for i, v := range c.values {
			cells = append(cells, newCell([]Axis{axis("fold", i)}, metric("x", v)))
		}
		s := &stage{cells: cells}
		e, err := s.entry(cells, series{Name: "x", Split: "test"})
		if err != nil {
			t.Fatal(err)
		}
		n := e.number(grid.Missing, formatOf(3, []float64{e.Mean}), c.full, nil)
		var odd []string
		for _, o := range n.Odd {
			odd = append(odd, o.Value+" "+o.N)
		}
		if got := n.Mean + " ± " + n.Spread + " n=" + n.N + " odd=" + strings.Join(odd, ", "); got != c.want {
			t.Errorf("%v: got %q, want %q", c.values, got, c.want)
		}
		if len(n.Origins) != len(c.values) {
			t.Errorf("%v: %d origins", c.values, len(n.Origins))
		}
	}
}
