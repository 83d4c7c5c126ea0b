// Package chart draws charts for papers, with gonum/plot: as SVG for pages and as PDF for print.
//
// Nouns: a Chart has Lines or Series over one x axis and one y axis. A Line has Points in the order
// of x, each with a value and, where it is a mean, a band around it. A Series has Spots, which are
// not connected, each with a value and an interval in both directions. A Front is a stepped line
// through some spots. A value that is not finite is a gap. Each line and series has a style
// (colour, dash pattern and glyph), so that readers can tell them apart in grey and with any colour
// vision; the key names them. A sheet is a chart that has been laid out.
//
// The promise: the same chart gives the same bytes, at any time and with any fonts on the machine,
// no text of a chart becomes markup, and no two labels overlap.
package chart

import (
	"math"
	"slices"
	"strconv"
)

// A Chart is a figure to be drawn.
type Chart struct {
	Title    string // for screen readers and on hovering; not drawn
	Width    Width
	X, Y     Axis
	Min, Max *float64 // ends of the y axis; nil: as the values have it
	Lines    []Line
	Series   []Series
	Fronts   []Front
}

// A Line is drawn from point to point.
type Line struct {
	Name   string
	Points []Point // in the order in which they are connected
}

// A Point is a value, and the band around it; NaN for none.
type Point struct {
	X, Y, Low, High float64
}

// A Series is a set of spots that look alike.
type Series struct {
	Name  string
	Small bool // small glyphs, for many spots
	Spots []Spot
}

// A Spot is a value on each axis.
type Spot struct {
	X, Y  Value
	Label string // empty for none
}

// A Value is one with an interval; NaN for none.
type Value struct{ At, Low, High float64 }

// A Front is a stepped line through its corners.
type Front struct {
	Name    string
	Corners []Corner
}

// A Corner is where a front turns.
type Corner struct{ X, Y float64 }

// MostLines is the number of lines whose styles differ also in grey.
const MostLines = dashes * glyphs

// MostSeries is the number of series whose glyphs differ also in grey.
const MostSeries = 2 * glyphs

// MostFronts is the number of fronts whose dash patterns differ.
const MostFronts = dashes

// brief formats a value with six digits.
func brief(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// most is the largest drawn magnitude, so that differences are finite.
const most = math.MaxFloat64 / 4

func drawable(v float64) bool { return math.Abs(v) <= most } // not NaN

func (p Point) drawn() bool  { return drawable(p.X) && drawable(p.Y) }
func (p Point) banded() bool { return p.drawn() && drawable(p.Low) && drawable(p.High) }

func (v Value) drawn() bool  { return drawable(v.At) }
func (v Value) barred() bool { return v.drawn() && drawable(v.Low) && drawable(v.High) }

func (s Spot) drawn() bool   { return s.X.drawn() && s.Y.drawn() }
func (l Line) drawn() bool   { return slices.ContainsFunc(l.Points, Point.drawn) }
func (s Series) drawn() bool { return slices.ContainsFunc(s.Spots, Spot.drawn) }

func (l Line) finite() []Point {
	return slices.DeleteFunc(slices.Clone(l.Points), func(p Point) bool { return !p.drawn() })
}

func (s Series) finite() []Spot {
	return slices.DeleteFunc(slices.Clone(s.Spots), func(p Spot) bool { return !p.drawn() })
}

// empty reports whether nothing can be drawn.
func (c *Chart) empty() bool {
	return !slices.ContainsFunc(c.Lines, Line.drawn) && !slices.ContainsFunc(c.Series, Series.drawn)
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
