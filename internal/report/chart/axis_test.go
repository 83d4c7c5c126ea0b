package chart

import (
	"math"
	"strings"
	"testing"
)

func TestPlacesAreThoseOfTheirScale(t *testing.T) {
	for _, c := range []struct {
		axis     Axis
		v, place float64
	}{
		{Axis{}, -3.5, -3.5},
		{Axis{Scale: Log}, 1000, 3},
		{Axis{Scale: Log}, 0.01, -2},
		{Axis{Scale: Log}, 0, none},
		{Axis{Scale: Log}, -1, none},
		{Axis{Scale: SymLog, Linear: 2}, 0, 0},
		{Axis{Scale: SymLog, Linear: 2}, 1, 0.5},
		{Axis{Scale: SymLog, Linear: 2}, 2, 1},
		{Axis{Scale: SymLog, Linear: 2}, 200, 3},
		{Axis{Scale: SymLog, Linear: 2}, -20, -2},
		{Axis{Scale: SymLog}, 10, 2}, // without an end of the linear part it is 1
	} {
		got := c.axis.place(c.v)
		if math.IsNaN(c.place) != math.IsNaN(got) || math.Abs(got-c.place) > 1e-12 {
			t.Errorf("%+v: %g is at %g, want %g", c.axis, c.v, got, c.place)
		}
		if back := c.axis.value(c.place); !math.IsNaN(c.place) && math.Abs(back-c.v) > 1e-9*max(1, math.Abs(c.v)) {
			t.Errorf("%+v: %g comes back as %g", c.axis, c.v, back)
		}
	}
}

func TestTicksOfLogScales(t *testing.T) {
	for _, c := range []struct {
		axis      Axis
		low, high float64 // values
		want      string
	}{
		{Axis{Scale: Log}, 1, 1000, "1 10 100 1000"},
		{Axis{Scale: Log}, 0.0001, 1000, "0.0001 0.01 1 100"},
		{Axis{Scale: Log}, 1e-9, 1e9, "1e−9 1e−5 0.1 1000 1e7"},
		{Axis{Scale: Log}, 3, 60, "5 10 20 50"},
		{Axis{Scale: Log}, 0.55, 0.75, "0.55 0.60 0.65 0.70 0.75"},
		{Axis{Scale: SymLog, Linear: 1}, 0, 800, "0 1 10 100"},
		{Axis{Scale: SymLog, Linear: 0.5}, -50, 5, "−50 −5 −0.5 0 0.5 5"},
		{Axis{Scale: SymLog, Linear: 1}, 10, 5000, "10 100 1000"},
		{Axis{Scale: SymLog, Linear: 1}, -5000, -10, "−1000 −100 −10"},
	} {
		var got []string
		for _, tick := range c.axis.curvedTicks(c.axis.place(c.low), c.axis.place(c.high), 5) {
			got = append(got, tick.Label)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v from %g to %g: got %q, want %q", c.axis, c.low, c.high, got, c.want)
		}
	}
}

func TestValuesOfAnAxisAreTicksWithLabelsThatHaveRoom(t *testing.T) {
	var points []Point
	for _, x := range []float64{0, 1, 200, 400, 600, 800} {
		points = append(points, Point{x, 1, none, none})
	}
	c := (&Chart{X: Axis{Scale: SymLog, Linear: 1, Discrete: true}, Lines: []Line{{"l", points}}}).placed()
	var got []string
	for _, tick := range c.along(c.horizontal(4), 180, sizes[Column].face) {
		got = append(got, tick.Label)
	}
	if strings.Join(got, ",") != "0,1,200,,,800" {
		t.Errorf("got %q", got)
	}
}

func TestIntervalsThatReachZeroReachTheEdgeOfALogScale(t *testing.T) {
	svg := inline(t, &Chart{Y: Axis{Scale: Log}, Series: []Series{{"s", false, []Spot{{Value{1, none, none}, Value{10, -5, 100}, ""}, {Value{2, none, none}, Value{1, none, none}, ""}}}}})
	checkSheet(t, svg)
	for _, want := range []string{">1</text>", ">10</text>", ">100</text>"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no tick %s: the edge has widened the scale", want)
		}
	}
}

func TestChartsDescribeWhatTheyShow(t *testing.T) {
	c := cloud(Column, 3, 1)
	c.X.Scale, c.Y.Scale, c.Y.Linear = Log, SymLog, 0.5
	c.Series = append(c.Series, Series{Name: "never", Spots: []Spot{{Value{none, none, none}, Value{1, none, none}, ""}}},
		Series{Name: "one", Spots: []Spot{{Value{2, none, none}, Value{1, none, none}, ""}}})
	c.Fronts = []Front{{"Pareto front", []Corner{{1, 2}, {1, 1}, {3, 1}}}}
	const want = "BAcc against NDCG@10. The horizontal scale is logarithmic. The vertical scale is linear up to 0.5 and logarithmic beyond. " +
		"all pairs: 3 points, horizontally from 0.5086 to 0.51, vertically from 0.577526 to 0.7. models: Model 1 (gender) at (0.51, 0.7). " +
		"never has no values. one: a point at (2, 1). Pareto front: from (1, 2) to (3, 1)."
	if got := c.describe(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAColumnIsNarrowerAndItsKeyIsBelow(t *testing.T) {
	for width, want := range map[Width]string{Page: `width="468pt"`, Column: `width="240pt"`} {
		svg := inline(t, cloud(width, 20, 2))
		if !strings.Contains(svg, want) {
			t.Errorf("no %s", want)
		}
		checkSheet(t, svg)
	}
	s, err := cloud(Column, 20, 2).layOut()
	if err != nil || s.height < s.least+s.key.height() || len(s.key.columns) != 2 {
		t.Errorf("%+v, %v", s.key, err)
	}
}

func TestGlyphsOfSeriesDifferInGrey(t *testing.T) {
	seen := map[string]int{}
	for i := range MostSeries {
		glyph := spotGlyph(i, false).Shape.(spot)
		id := strings.Join([]string{string(rune('a' + len(glyph.corners))), map[bool]string{true: "hollow", false: "filled"}[glyph.hollow]}, " ")
		if len(glyph.corners) == 4 && glyph.corners[0][0] == 0 {
			id += " diamond"
		}
		if len(glyph.corners) == 3 && glyph.corners[0][1] < 0 {
			id += " down"
		}
		if j, ok := seen[id]; ok {
			t.Errorf("series %d and %d look the same without colour: %s", j, i, id)
		}
		seen[id] = i
	}
}

func TestFrontsAreDrawnAsSteps(t *testing.T) {
	c := cloud(Page, 4, 0)
	c.Fronts = []Front{{"a", []Corner{{0.508, 0.6}, {0.508, 0.65}, {0.51, 0.65}}}, {"b", []Corner{{0.508, 0.6}}}}
	svg := inline(t, c)
	if n := strings.Count(svg, "stroke-width:0.9;stroke-dasharray"); n != 1+2 { // and both in the key
		t.Errorf("%d dashed lines", n)
	}
	var pdf strings.Builder
	if err := c.PDF(&pdf); err != nil || !strings.Contains(pdf.String(), "/FontFile2") {
		t.Errorf("no font in the PDF (%v)", err)
	}
}
