package report

import (
	"fmt"
	"maps"
	"slices"

	"foil/internal/report"
	"foil/pipeline"
	"foil/spec"
)

// A nameChecker reports names in a layout that do not exist in the gathered stages. It runs while
// the spec is checked.
type nameChecker struct {
	gathers []pipeline.Input
	report  spec.Reporter
}

func checkTableNames(l *report.Layout, gathers []pipeline.Input, report spec.Reporter) {
	c := nameChecker{gathers, report}
	for i, column := range l.Columns {
		c.from(fmt.Sprintf("columns[%d]", i), column.From)
	}
	c.over(l.Over)
	for i, t := range l.Tables {
		for j, axis := range t.Grid {
			c.axis(fmt.Sprintf("tables[%d].grid[%d]", i, j), axis, gathers)
		}
		for j, row := range t.Rows {
			path := fmt.Sprintf("tables[%d].rows[%d]", i, j)
			of := gathers
			if row.From != "" {
				if !c.from(path, row.From) {
					continue
				}
				of = called(gathers, row.From)
			}
			c.where(path, row.Where, of)
		}
	}
}

func checkFigureNames(l *report.FiguresLayout, gathers []pipeline.Input, report spec.Reporter) {
	c := nameChecker{gathers, report}
	c.over(l.Over)
	for i, f := range l.Figures {
		for j, line := range f.Lines {
			path := fmt.Sprintf("figures[%d].lines[%d]", i, j)
			if c.from(path, line.From) {
				c.where(path, line.Where, called(gathers, line.From))
			}
		}
	}
}

func called(gathers []pipeline.Input, name string) []pipeline.Input {
	return slices.DeleteFunc(slices.Clone(gathers), func(g pipeline.Input) bool { return g.Name != name })
}

// from checks that a stage is gathered under a name.
func (c nameChecker) from(path, name string) bool {
	var names []string
	for _, g := range c.gathers {
		names = append(names, g.Name)
	}
	if slices.Contains(names, name) {
		return true
	}
	c.report(path+".from", "nothing is gathered as %q%s", name, spec.Suggestion(name, names))
	return false
}

func (c nameChecker) over(axes []string) {
	for i, axis := range axes {
		c.axis(fmt.Sprintf("over[%d]", i), axis, c.gathers)
	}
}

func (c nameChecker) where(path string, where map[string]spec.Value, of []pipeline.Input) {
	for _, axis := range slices.Sorted(maps.Keys(where)) {
		c.axis(path+".where."+axis, axis, of)
	}
}

// axis checks that at least one of the gathered stages has an axis.
func (c nameChecker) axis(path, axis string, of []pipeline.Input) {
	axes := map[string]bool{}
	for _, g := range of {
		for name := range g.Axes {
			axes[name] = true
		}
	}
	if !axes[axis] {
		c.report(path, "the gathered stages have no axis %q%s", axis, spec.Suggestion(axis, slices.Sorted(maps.Keys(axes))))
	}
}
