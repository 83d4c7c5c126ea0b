// Package chart draws line charts for papers, with gonum/plot: as SVG for pages and as PDF for
// print.
//
// Nouns: a Chart has Lines over one x axis and one y axis; a Line has Points in the order of x,
// each with a value and, where it is a mean, a band around it. A value that is not finite is a gap.
// Each line has a style (colour, dash pattern and glyph), so that readers can tell lines apart in
// grey and with any colour vision; the key beside the plot names them. A sheet is a chart that has
// been laid out.
//
// The promise: the same chart gives the same bytes, at any time and with any fonts on the machine,
// and no text of a chart becomes markup.
package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Chart is a figure to be drawn.
type Chart struct {
	Title    string   // for screen readers and on hovering; not drawn
	X, Y     string   // axis labels
	Min, Max *float64 // ends of the y axis; nil: as the values have it
	Lines    []Line
}

// A Line is drawn from point to point.
type Line struct {
	Name   string
	Points []Point // X rises
}

// A Point is a value, and the band around it; NaN for none.
type Point struct {
	X            int
	Y, Low, High float64
}

// MostLines is the number of lines whose styles differ also in grey.
const MostLines = dashes * glyphs

// describe describes the lines in words.
func (c *Chart) describe() string {
	parts := []string{c.Y + " over " + c.X + "."}
	for _, l := range c.Lines {
		drawn := l.finite()
		if len(drawn) == 0 {
			parts = append(parts, l.Name+" has no values.")
			continue
		}
		first, last := drawn[0], drawn[len(drawn)-1]
		s := l.Name + ": " + brief(first.Y) + " at " + strconv.Itoa(first.X)
		if last.X != first.X {
			s += ", " + brief(last.Y) + " at " + strconv.Itoa(last.X)
		}
		parts = append(parts, s+".")
	}
	return strings.Join(parts, " ")
}

// brief formats a value with six digits.
func brief(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// most is the largest drawn magnitude, so that differences are finite.
const most = math.MaxFloat64 / 4

func drawable(v float64) bool { return math.Abs(v) <= most } // not NaN

func (p Point) drawn() bool  { return drawable(p.Y) }
func (p Point) banded() bool { return p.drawn() && drawable(p.Low) && drawable(p.High) }

func (l Line) drawn() bool { return slices.ContainsFunc(l.Points, Point.drawn) }

func (l Line) finite() []Point {
	return slices.DeleteFunc(slices.Clone(l.Points), func(p Point) bool { return !p.drawn() })
}

// runs are the longest stretches of points for which the condition is true.
func runs(points []Point, so func(Point) bool) [][]Point {
	var all [][]Point
	open := false
	for _, p := range points {
		switch {
		case !so(p):
			open = false
			continue
		case !open:
			all = append(all, nil)
		}
		open = true
		all[len(all)-1] = append(all[len(all)-1], p)
	}
	return all
}
