package chart

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"math"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

var none = math.NaN()

// point is one without a band.
func point(x int, y float64) Point { return Point{float64(x), y, none, none} }

// inline is a chart as SVG.
func inline(t *testing.T, c *Chart) string {
	t.Helper()
	svg, err := c.Inline()
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// strokes are the lines in a drawing, but for those of axes and the grid.
func strokes(svg string) int { return strings.Count(svg, "stroke-width:1.4") }

// sample is a chart with what charts have: gaps, bands, a point alone, many points.
func sample() *Chart {
	c := &Chart{Title: "Training", X: Axis{Label: "epoch", Discrete: true}, Y: Axis{Label: "loss"}, Lines: []Line{{Name: "short"}, {Name: "long"}, {Name: "alone λ"}}}
	for x := range 200 {
		y := 2 - math.Sqrt(float64(x))/10
		c.Lines[1].Points = append(c.Lines[1].Points, Point{float64(x), y, y - 0.1, y + 0.1})
		if x%20 == 0 && x != 100 {
			c.Lines[0].Points = append(c.Lines[0].Points, point(x, 1+y/10))
		}
	}
	c.Lines[2].Points = []Point{{40, -1, -1.5, 0}}
	return c
}

func TestSameChartIsTheSameBytes(t *testing.T) {
	for _, form := range []struct {
		name  string
		write func(*Chart, *bytes.Buffer) error
	}{
		{"svg", func(c *Chart, b *bytes.Buffer) error { return c.SVG(b) }},
		{"pdf", func(c *Chart, b *bytes.Buffer) error { return c.PDF(b) }},
	} {
		var first, second bytes.Buffer
		if err := errors.Join(form.write(sample(), &first), form.write(sample(), &second)); err != nil {
			t.Fatal(err)
		}
		if first.Len() == 0 || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: %d and %d bytes that differ", form.name, first.Len(), second.Len())
		}
	}
}

func TestLinesHaveGapsWhereTheyAreNotFinite(t *testing.T) {
	c := &Chart{Lines: []Line{{"broken", []Point{point(1, 1), point(2, 2), point(3, math.Inf(1)), point(4, 2), point(5, none), point(6, 1), point(7, 2)}}}}
	svg := inline(t, c)
	if n := strokes(svg); n != 2+1 { // and one in the key
		t.Errorf("got %d strokes, want two and the key's", n)
	}
	if n := strings.Count(svg, "A2.6,2.6"); n != 2*(5+1) { // a circle has two arcs
		t.Errorf("got %d arcs, want those of a glyph for each point and the key's", n)
	}
}

func TestPointsThatStandAloneHaveAGlyphAndABar(t *testing.T) {
	svg := inline(t, &Chart{Lines: []Line{{"alone", []Point{{4, 2, 1, 3}}}}})
	if strokes(svg) != 1 || strings.Count(svg, "A2.6,2.6") != 2*2 || strings.Count(svg, `style="fill:none;stroke:#0072B2`) < 1+3 {
		t.Errorf("want no line, a glyph, a bar with two caps, and the key in\n%s", svg)
	}
}

func TestChartWithoutValuesSaysSo(t *testing.T) {
	for _, c := range []*Chart{{}, {Lines: []Line{{"never", []Point{point(1, none)}}}}} {
		if !strings.Contains(inline(t, c), ">no values</text>") {
			t.Errorf("%v: nothing is said", c.Lines)
		}
	}
	if strings.Contains(inline(t, sample()), "no values") {
		t.Error("it is said of a chart with values")
	}
}

func TestWhatIsBeyondTheAxisIsCutOff(t *testing.T) {
	low, high := 0.0, 1.0
	points := []Point{{0, 0.5, 0, 1e300}, {1, 2, 1.5, 2.5}, {2, 0.5, -1e308, 1}, {3, -4e307, none, none}, {4, 0.5, none, none}}
	svg := inline(t, &Chart{Min: &low, Max: &high, Lines: []Line{{"far", points}}})
	if n := strokes(svg); n != 3+1 {
		t.Errorf("got %d strokes, want those of three stretches within the axis and the key's", n)
	}
	checkSheet(t, svg)
}

func TestFarValuesLeaveThePlotWhereTheyWould(t *testing.T) {
	within := inReach(0, 1)
	for _, v := range []float64{0, 0.5, 1, 9000, -9000} {
		if within(v) != v {
			t.Errorf("%g is drawn at %g", v, within(v))
		}
	}
	if within(1e300) != 10001 || within(-1e300) != -10000 {
		t.Errorf("1e300 is drawn at %g", within(1e300))
	}
}

func TestGlyphsStandApartButAtTheEndsOfAStretch(t *testing.T) {
	var all plotter.XYs
	for x := range 12 {
		all = append(all, plotter.XY{X: float64(x)})
	}
	var got []float64
	for _, p := range marked(all, 3) {
		got = append(got, p.X)
	}
	if want := []float64{0, 3, 6, 11}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := len(marked(all, 0.5)); n != len(all) {
		t.Errorf("%d of %d points have a glyph although there is room", n, len(all))
	}
}

func TestStylesDifferInGrey(t *testing.T) {
	seen := map[string]int{}
	for i := range MostLines {
		s := fmt.Sprintf("%v %T %v", stroke(i).Dashes, glyph(i).Shape, glyph(i).Shape)
		if j, ok := seen[s]; ok {
			t.Errorf("lines %d and %d look the same without colour", j, i)
		}
		seen[s] = i
	}
}

func TestShadesAreTheColoursOfTheirLines(t *testing.T) {
	r, g, b, a := unmultiplied{shade(1)}.RGBA()
	if got := [4]uint32{r >> 8, g >> 8, b >> 8, a >> 8}; got != [4]uint32{0xd5, 0x5e, 0, 0x2b} {
		t.Errorf("got %x", got)
	}
	if r, g, b, a := (unmultiplied{color.White}).RGBA(); r&g&b&a != 0xffff {
		t.Error("white is another colour")
	}
}

func TestManyLongNamesMakeAChartTaller(t *testing.T) {
	c := &Chart{X: Axis{Label: "epoch", Discrete: true}, Y: Axis{Label: strings.Repeat("a long label ", 100)}}
	for i := range MostLines {
		name := fmt.Sprintf("line %d %s", i, strings.Repeat("with a long name ", 40))
		c.Lines = append(c.Lines, Line{name, []Point{point(1, float64(i%3)), point(2, 1)}})
	}
	s, err := c.layOut()
	if err != nil {
		t.Fatal(err)
	}
	if s.height <= sizes[Page].least || s.height < s.key.height()+2*margin {
		t.Errorf("the chart is %.1f high, and its key %.1f", s.height, s.key.height())
	}
	if s.key.width() > s.width/2 {
		t.Errorf("the key takes %.1f of %.1f", s.key.width(), s.width)
	}
	checkSheet(t, inline(t, c))
}

func TestPanicsBecomeErrorsThatNameTheChart(t *testing.T) {
	draw := func() (err error) {
		defer (&Chart{Title: "Training"}).catch(&err)
		panic("no font")
	}
	if err := draw(); err == nil || err.Error() != `drawing "Training": no font` {
		t.Errorf("got %v", err)
	}
}
