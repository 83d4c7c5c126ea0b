package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

var none = math.NaN()

// FuzzSvg holds any drawing to being XML of numbers, with nothing given in the markup.
func FuzzSvg(f *testing.F) {
	f.Add("<script>alert(1)</script>", "]]>&amp;'\"", 1, 2.0, 0.5, 0.0, 3.0)
	f.Add("\x00\xff\u202e", strings.Repeat("wide ", 100), math.MaxInt32, math.Inf(1), none, -1e300, 1e300)
	f.Add("", "", 0, 1.0, 1e-320, none, none)
	f.Fuzz(func(t *testing.T, name, label string, x int, a, b, low, high float64) {
		x = x & math.MaxInt32
		c := &Chart{Title: name, X: label, Y: name, Lines: []Line{
			{name, []Point{{x, a, low, high}, {x + 1, b, b - high, b + high}, {x + 7, 1, 0, 2}, {x + 8, low, none, none}}},
			{label, nil}, {"one", []Point{{x, high, low, high}}},
		}}
		if low < high {
			c.Min, c.Max = &low, &high
		}
		var svg strings.Builder
		if err := c.Svg(&svg); err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(strings.NewReader(svg.String()))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, svg.String())
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !strings.Contains(" svg title desc style rect g path circle text ", " "+e.Name.Local+" ") {
				t.Fatalf("an element %s in\n%s", e.Name.Local, svg.String())
			}
			for _, a := range e.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") || strings.Contains(a.Value, "e+") {
					t.Fatalf("%s=%q in\n%s", a.Name.Local, a.Value, svg.String())
				}
			}
		}
	})
}

func TestLinesHaveGapsWhereTheyAreNotFinite(t *testing.T) {
	c := &Chart{Lines: []Line{{"broken", []Point{{1, 1, none, none}, {2, 2, none, none}, {3, math.Inf(1), none, none}, {4, 2, none, none},
		{5, none, none, none}, {6, 1, none, none}, {7, 2, none, none}}}}}
	svg := c.Inline()
	_, rest, _ := strings.Cut(svg, "<title>broken</title>\n")
	line, _, _ := strings.Cut(rest, "/>")
	if strings.Count(line, "M") != 2 || strings.Count(line, "L") != 2 {
		t.Errorf("two stretches of two points are wanted, got %s", line)
	}
	if n := strings.Count(svg, "<circle"); n != 5+1 { // and one in the key
		t.Errorf("got %d markers, want one for each point and the key", n)
	}
}

func TestChartWithoutValuesSaysSo(t *testing.T) {
	for _, c := range []*Chart{{}, {Lines: []Line{{"never", []Point{{1, none, none, none}}}}}} {
		if !strings.Contains(c.Inline(), "no values") {
			t.Errorf("%v: nothing is said", c.Lines)
		}
	}
}

func TestWhatIsBeyondTheAxisIsCutOff(t *testing.T) {
	got := cutLine([]vertex{{0, 0}, {1, 2}, {2, 0}, {3, -4}, {4, -4}, {5, 1}}, 0, 1)
	want := [][]vertex{{{0, 0}, {0.5, 1}}, {{1.5, 1}, {2, 0}, {2, 0}}, {{4.8, 0}, {5, 1}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("line: got %v, want %v", got, want)
	}
	area := cutArea([]vertex{{0, 2}, {2, 2}, {2, -1}, {0, -1}}, 0, 1)
	for _, v := range area {
		if v.y < 0 || v.y > 1 {
			t.Errorf("area: %v is outside", v)
		}
	}
	if len(area) != 4 {
		t.Errorf("area: got %v, want four corners", area)
	}
	if gone := cutArea([]vertex{{0, 2}, {2, 2}, {2, 3}}, 0, 1); len(gone) != 0 {
		t.Errorf("area beyond the axis: got %v", gone)
	}
}

func TestStylesDifferInGrey(t *testing.T) {
	type style struct{ dash, marker string }
	seen := map[style]int{}
	for i := range MostLines {
		p := &pen{}
		p.mark(i, vertex{})
		s := style{dash(i), p.String()}
		if j, ok := seen[s]; ok {
			t.Errorf("lines %d and %d look the same without colour", j, i)
		}
		seen[s] = i
	}
}
