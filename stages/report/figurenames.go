package report

import (
	"fmt"
	"slices"

	"foil/internal/report"
	"foil/pipeline"
	"foil/spec"
)

func checkFigureNames(l *report.FiguresLayout, gathers []pipeline.Input, report spec.Reporter) {
	c := nameChecker{gathers, report}
	c.over(l.Over)
	for i := range l.Figures {
		f, path := &l.Figures[i], fmt.Sprintf("figures[%d]", i)
		stages := gathers // that x and y are about
		for _, a := range []struct {
			name string
			from string
		}{{".x", f.X.From}, {".y", f.Y.From}} {
			if a.from != "" && !c.from(path+a.name, a.from) {
				stages = nil
			}
		}
		for j := range f.Lines {
			c.line(fmt.Sprintf("%s.lines[%d]", path, j), f, &f.Lines[j])
		}
		for j := range f.Points {
			if stages != nil {
				c.points(path, fmt.Sprintf(".points[%d]", j), f, &f.Points[j])
			}
		}
	}
}

func (c nameChecker) line(path string, f *report.FigureLayout, l *report.LineLayout) {
	if !c.from(path, l.From) {
		return
	}
	of := called(c.gathers, l.From)
	c.where(path, l.Where, of)
	if l.Along != "" {
		c.axis(path+".along", l.Along, of)
	}
	if f.X.Axis != "" {
		c.axis(path, f.X.Axis, of)
	}
}

func (c nameChecker) points(figure, series string, f *report.FigureLayout, p *report.PointsLayout) {
	path := figure + series
	right := true
	for _, a := range []struct{ name, from string }{{".x", p.X.From}, {".y", p.Y.From}} {
		right = (a.from == "" || c.from(path+a.name, a.from)) && right
	}
	if !right {
		return
	}
	used := usedBy(f, p)
	of := slices.DeleteFunc(slices.Clone(c.gathers), func(g pipeline.Input) bool { return !slices.Contains(used, g.Name) })
	c.where(path, p.Where, of)
	for i, axis := range p.Grid {
		c.axis(fmt.Sprintf("%s.grid[%d]", path, i), axis, of)
	}
	for i, row := range p.Rows {
		c.where(fmt.Sprintf("%s.rows[%d]", path, i), row.Where, of)
	}
	for _, a := range []struct{ name, axis string }{{".x.axis", f.X.Axis}, {".y.axis", f.Y.Axis}} {
		if a.axis != "" {
			c.axis(figure+a.name, a.axis, of)
		}
	}
}

// usedBy are the stages that a series has its metrics from.
func usedBy(f *report.FigureLayout, p *report.PointsLayout) []string {
	var all []string
	for _, from := range [][2]string{{p.X.From, f.X.From}, {p.Y.From, f.Y.From}} {
		switch {
		case from[0] != "":
			all = append(all, from[0])
		case from[1] != "":
			all = append(all, from[1])
		}
	}
	return all
}

// usedByAll are the stages that any figure has metrics from.
func usedByAll(l *report.FiguresLayout) []string {
	var all []string
	for i := range l.Figures {
		f := &l.Figures[i]
		for j := range f.Lines {
			all = append(all, f.Lines[j].From)
		}
		if len(f.Lines) > 0 && f.X.From != "" {
			all = append(all, f.X.From)
		}
		for j := range f.Points {
			all = append(all, usedBy(f, &f.Points[j])...)
		}
	}
	return all
}

func checkFigureFacts(l *report.FiguresLayout, gathers []pipeline.Input, to, note spec.Reporter) {
	known(gathers, note).CheckFigures(l, to)
}
