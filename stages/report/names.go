package report

import (
	"fmt"
	"maps"
	"slices"

	"foil/pipeline"
	"foil/results"
	"foil/spec"
)

// checkNames reports what a layout names and the stage does not gather, before
// anything runs.
func checkNames(l *results.Layout, gathers []pipeline.Input, report func(path, format string, args ...any)) {
	axes := map[string]bool{}
	var names []string
	for _, g := range gathers {
		names = append(names, g.Name)
		for axis := range g.Axes {
			axes[axis] = true
		}
	}
	for i, c := range l.Columns {
		if !slices.Contains(names, c.From) {
			report(fmt.Sprintf("columns[%d].from", i), "nothing is gathered as %q%s", c.From, spec.Suggestion(c.From, names))
		}
	}
	axisNames := slices.Sorted(maps.Keys(axes))
	check := func(path, axis string) {
		if !axes[axis] {
			report(path, "what is gathered has no axis %q%s", axis, spec.Suggestion(axis, axisNames))
		}
	}
	for i, axis := range l.Over {
		check(fmt.Sprintf("over[%d]", i), axis)
	}
	for i, t := range l.Tables {
		for j, axis := range t.Grid {
			check(fmt.Sprintf("tables[%d].grid[%d]", i, j), axis)
		}
		for j, row := range t.Rows {
			for _, axis := range slices.Sorted(maps.Keys(row.Where)) {
				check(fmt.Sprintf("tables[%d].rows[%d].where.%s", i, j, axis), axis)
			}
		}
	}
}
