package report

import (
	"errors"
	"fmt"
	"strings"
)

// checkScales reports values that a logarithmic scale cannot show: one for each axis.
func (f *Figure) checkScales(l *FigureLayout) error {
	x := scaleCheck{layout: &l.X}
	y := scaleCheck{layout: &l.Y}
	for _, line := range f.Lines {
		for _, p := range line.Points {
			at := " at " + clean(p.Place) + " of the line " + line.Name
			if p.On != nil {
				x.entry(*p.On, at)
			} else if finite(p.X) {
				x.value(p.X, at, nil)
			}
			y.entry(p.Entry, at)
		}
	}
	for _, s := range f.Series {
		for _, p := range s.Points {
			at := " in " + s.Name
			if p.Name != "" {
				at = " at the point " + p.Name + " of " + s.Name
			}
			x.shown(p.X, at)
			y.shown(p.Y, at)
		}
	}
	return errors.Join(x.under("x"), y.under("y"))
}

// A scaleCheck keeps the first problem of an axis.
type scaleCheck struct {
	layout *AxisLayout
	err    error
}

func (c *scaleCheck) under(axis string) error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("%s.scale: %w", axis, c.err)
}

func (c *scaleCheck) shown(s Shown, at string) {
	if s.Text != "" {
		c.value(s.Value, at, nil)
	} else {
		c.entry(s.Entry, at)
	}
}

func (c *scaleCheck) entry(e Entry, at string) {
	if e.N > 0 && len(e.NotFinite) == 0 {
		c.value(e.Mean, at, e.Origins)
	}
}

func (c *scaleCheck) value(v float64, at string, from []Origin) {
	if c.err == nil {
		c.err = c.layout.checkValue(v, at+cellsBehind(from))
	}
}

// cellsBehind names the cells of a number.
func cellsBehind(from []Origin) string {
	const most = 3
	var cells []string
	for _, o := range from {
		if len(o.Cell.Axes) > 0 {
			cells = append(cells, bracketed(o.Cell.Axes))
		}
	}
	switch n := len(cells); {
	case n == 0:
		return ""
	case n == 1:
		return " (cell " + cells[0] + ")"
	case n > most:
		cells = append(cells[:most], fmt.Sprintf("and %d more", n-most))
	}
	return " (cells " + strings.Join(cells, " ") + ")"
}
