package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestNamesInTheKeyDoNotOverlap(t *testing.T) {
	for _, c := range []struct{ wanted, heights, want []float64 }{
		{[]float64{50, 100}, []float64{20, 20}, []float64{50, 100}},
		{[]float64{50, 50}, []float64{20, 20}, []float64{40, 60}},
		{[]float64{0, 0, 0}, []float64{20, 40, 20}, []float64{10, 40, 70}},
		{[]float64{200, 200}, []float64{20, 20}, []float64{170, 190}},
		{[]float64{100, 105, 125}, []float64{20, 20, 20}, []float64{90, 110, 130}},
	} {
		if got := spread(c.wanted, c.heights, 0, 200); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.wanted, got, c.want)
		}
	}
}

func TestManyLongNamesMakeAChartTaller(t *testing.T) {
	c := &Chart{X: "epoch", Y: "loss"}
	for i := range MostLines {
		name := fmt.Sprintf("line %d %s", i, strings.Repeat("with a long name ", 4))
		c.Lines = append(c.Lines, Line{name, []Point{{1, float64(i % 3), math.NaN(), math.NaN()}, {2, 1, math.NaN(), math.NaN()}}})
	}
	d := c.layOut()
	bottom := d.top
	for _, e := range d.entries {
		if e.y-e.height/2 < bottom-1e-6 {
			t.Errorf("%v begins at %.1f, above the end of the one before, %.1f", e.name, e.y-e.height/2, bottom)
		}
		bottom = e.y + e.height/2
		for _, line := range e.name {
			if d.right+2*margin+sample+textWidth(line) > width {
				t.Errorf("%q reaches beyond the drawing", line)
			}
		}
	}
	if bottom > d.bottom+1e-6 {
		t.Errorf("the key ends at %.1f, below the plot, %.1f", bottom, d.bottom)
	}
}

func TestTextIsBrokenBetweenWordsWhereItCan(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"short", "short"},
		{"  two   words ", "two words"},
		{"several words that go on", "several words|that go on"},
		{strings.Repeat("a", 20), "aaaaaaaaaaaa|aaaaaaaa"},
		{"数据数据数据数据数据", "数据数据数据数|据数据"},
	} {
		if got := strings.Join(wrap(c.in, 100), "|"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
