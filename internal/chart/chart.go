// Package chart draws lines as SVG, as papers show them.
//
// Nouns: a Chart has Lines over one x axis and one y axis; a Line has Points in
// the order of x, each with a value and, where it is a mean, a band around it. A
// value that is not finite is a gap. A style (colour, dash pattern and marker)
// tells lines apart also in grey and for the colour-blind; the key names them
// beside where they end.
//
// The promise: the same chart is the same bytes on every machine, and nothing
// that it is given is read as markup.
package chart

import (
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Chart is a figure to be drawn.
type Chart struct {
	Title    string   // for those who cannot see it, and on hovering; not drawn
	X, Y     string   // labels of the axes
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

// MostLines is how many lines have a style of their own in grey.
const MostLines = dashes * markers

// Svg writes a file that stands for itself.
func (c *Chart) Svg(w io.Writer) error {
	_, err := io.WriteString(w, c.draw(` xmlns="http://www.w3.org/2000/svg"`, "<style>\n"+Style+"</style>\n"))
	return err
}

// Inline is the drawing for a page that has Style among its own.
func (c *Chart) Inline() string { return c.draw("", "") }

func (c *Chart) draw(attributes, style string) string {
	d := c.layOut()
	p := &pen{}
	d.axes(p)
	for i, l := range c.Lines {
		d.bands(p, i, l)
	}
	for i, l := range c.Lines {
		d.line(p, i, l)
	}
	d.key(p)
	if !slices.ContainsFunc(c.Lines, Line.drawn) {
		p.text("soft middle", (d.left+d.right)/2, (d.top+d.bottom)/2, "no values")
	}
	var b strings.Builder
	b.WriteString("<svg" + attributes + ` class="chart" role="img" width="` + number(width) + `" height="` + number(d.height) +
		`" viewBox="0 0 ` + number(width) + " " + number(d.height) + "\">\n")
	b.WriteString("<title>" + escape(c.Title) + "</title>\n<desc>" + escape(c.describe()) + "</desc>\n" + style)
	b.WriteString(`<rect class="paper" width="` + number(width) + `" height="` + number(d.height) + "\"/>\n")
	b.WriteString(p.String() + "</svg>\n")
	return b.String()
}

// describe says in words what the lines do.
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

// most bounds what is drawn, so that differences are finite.
const most = math.MaxFloat64 / 4

func drawable(v float64) bool { return math.Abs(v) <= most } // not NaN

func (p Point) drawn() bool  { return drawable(p.Y) }
func (p Point) banded() bool { return p.drawn() && drawable(p.Low) && drawable(p.High) }

func (l Line) drawn() bool { return slices.ContainsFunc(l.Points, Point.drawn) }

func (l Line) finite() []Point {
	return slices.DeleteFunc(slices.Clone(l.Points), func(p Point) bool { return !p.drawn() })
}
