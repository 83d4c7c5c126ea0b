package report

import (
	"fmt"
	"maps"
	"slices"

	"foil/internal/artifact"
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
			if row.Select != nil {
				c.rule(path+".select", row.Select)
			}
		}
	}
}

func checkTableFacts(l *report.Layout, gathers []pipeline.Input, to, note spec.Reporter) {
	known(gathers, note).CheckTables(l, to)
}

// known is what is known about the gathered stages.
func known(gathers []pipeline.Input, note spec.Reporter) report.Known {
	n := report.Known{Note: note, Gathered: map[string][]report.Cell{}, Metrics: map[string]bool{}, Open: map[string]map[string]bool{}, Units: map[string]map[string]string{}, Unknown: map[string]bool{}}
	for _, g := range gathers {
		n.Varied = n.Varied || g.Varied
		n.Unknown[g.Name] = g.Unknown
		n.Metrics[g.Name] = len(g.Cells) > 0
		n.Open[g.Name] = map[string]bool{}
		n.Units[g.Name] = map[string]string{}
		series := map[*pipeline.Facts][]artifact.Metric{}
		var cells []report.Cell
		for _, c := range g.Cells {
			if c.Facts == nil || c.Facts.Metrics == nil {
				n.Metrics[g.Name] = false
				cells = append(cells, report.Cell{Axes: axesOf(c)})
				continue
			}
			if _, ok := series[c.Facts]; !ok {
				series[c.Facts] = seriesOf(c.Facts, n.Open[g.Name])
				for _, m := range c.Facts.Metrics {
					if m.Unit != "" {
						n.Units[g.Name][m.Name] = m.Unit
					}
				}
			}
			cells = append(cells, report.Cell{Axes: axesOf(c), Metrics: series[c.Facts]})
		}
		n.Gathered[g.Name] = cells
	}
	return n
}

func axesOf(c pipeline.InputCell) (axes []report.Axis) {
	for _, a := range c.Axes {
		axes = append(axes, report.Axis{Name: a.Axis, Value: a.Value})
	}
	return axes
}

// seriesOf lists the metrics of a cell without values, and notes the open ones. A metric of which
// nothing but the name is known is listed under its name alone.
func seriesOf(f *pipeline.Facts, open map[string]bool) (metrics []artifact.Metric) {
	listed := map[string]bool{}
	for _, m := range f.Metrics {
		if !m.Open {
			listed[m.Name] = true
		}
	}
	for _, m := range f.Metrics {
		if m.Open {
			open[m.Name] = true
		}
		if !m.Open || !listed[m.Name] {
			metrics = append(metrics, artifact.Metric{Name: m.Name, K: m.K, Group: m.Group, Split: m.Split, Checkpoint: m.Checkpoint})
		}
	}
	return metrics
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
		if g.Unknown {
			return
		}
		for name := range g.Axes {
			axes[name] = true
		}
	}
	if !axes[axis] {
		c.report(path, "the gathered stages have no axis %q%s", axis, spec.Suggestion(axis, slices.Sorted(maps.Keys(axes))))
	}
}
