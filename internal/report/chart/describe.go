package chart

import (
	"fmt"
	"math"
	"strings"
)

// describe describes the chart in words, for readers who cannot see it.
func (c *Chart) describe() string {
	var parts []string
	if len(c.Series) > 0 {
		parts = append(parts, c.Y.Label+" against "+c.X.Label+".")
	} else {
		parts = append(parts, c.Y.Label+" over "+c.X.Label+".")
	}
	for _, a := range []struct {
		name string
		Axis
	}{{"horizontal", c.X}, {"vertical", c.Y}} {
		if s := a.scaleText(); s != "" {
			parts = append(parts, "The "+a.name+" scale is "+s+".")
		}
	}
	for _, l := range c.Lines {
		parts = append(parts, l.describe())
	}
	for _, s := range c.Series {
		parts = append(parts, s.describe())
	}
	for _, f := range c.Fronts {
		if n := len(f.Corners); n > 0 {
			parts = append(parts, f.Name+": from "+f.Corners[0].text()+" to "+f.Corners[n-1].text()+".")
		}
	}
	return strings.Join(parts, " ")
}

func (l Line) describe() string {
	drawn := l.finite()
	if len(drawn) == 0 {
		return l.Name + " has no values."
	}
	first, last := drawn[0], drawn[len(drawn)-1]
	s := l.Name + ": " + brief(first.Y) + " at " + brief(first.X)
	if len(drawn) > 1 {
		s += ", " + brief(last.Y) + " at " + brief(last.X)
	}
	return s + "."
}

// describe lists the spots with labels, and the range of the others.
func (s Series) describe() string {
	var named []string
	n := 0
	low, high := Corner{math.Inf(1), math.Inf(1)}, Corner{math.Inf(-1), math.Inf(-1)}
	for _, p := range s.finite() {
		if p.Label != "" {
			named = append(named, p.Label+" at "+Corner{p.X.At, p.Y.At}.text())
			continue
		}
		n++
		low = Corner{min(low.X, p.X.At), min(low.Y, p.Y.At)}
		high = Corner{max(high.X, p.X.At), max(high.Y, p.Y.At)}
	}
	switch {
	case n == 1:
		named = append(named, "a point at "+low.text())
	case n > 1:
		named = append(named, fmt.Sprintf("%d points, horizontally from %s to %s, vertically from %s to %s",
			n, brief(low.X), brief(high.X), brief(low.Y), brief(high.Y)))
	}
	if len(named) == 0 {
		return s.Name + " has no values."
	}
	return s.Name + ": " + strings.Join(named, "; ") + "."
}

func (c Corner) text() string { return "(" + brief(c.X) + ", " + brief(c.Y) + ")" }
