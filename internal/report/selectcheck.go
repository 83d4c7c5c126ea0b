package report

import (
	"slices"

	"foil/spec"
)

// checkRules reports errors of all rules that do not depend on the cells.
func (l *Layout) checkRules(report spec.Reporter) {
	for i := range l.Tables {
		t := &l.Tables[i]
		for j, row := range t.Rows {
			if row.Select != nil {
				row.Select.check(l, t, row, at("tables", i)+at(".rows", j)+".select", report)
			}
		}
	}
}

// rules checks the rules of a layout against what is known of the cells.
func (c *checker) rules(l *Layout) {
	for i := range l.Tables {
		t := &l.Tables[i]
		for j, row := range t.Rows {
			if row.Select != nil {
				c.rule(at("tables", i)+at(".rows", j)+".select", l, t, row)
			}
		}
	}
}

func (c *checker) rule(path string, l *Layout, t *TableLayout, row RowLayout) {
	rule := row.Select
	c.score(path+".best", rule, rule.Best)
	if w := rule.Within; w != nil {
		c.score(path+".within", rule, w.Score)
	}
	best := c.known(rule.Best.From)
	if best == nil || slices.ContainsFunc(rule.Among, func(axis string) bool { return !c.someHas(axis) }) {
		return // reported with the names
	}
	if c.someHas(rule.Per) || rule.Per == "" {
		if err := rule.checkStages(best, c.columnsOf(l, row)); err != nil {
			c.problem(path, err)
			return
		}
	}
	for i, exclusion := range rule.Exclude {
		for _, axis := range sortedNames(exclusion) {
			for _, v := range listed(exclusion[axis]) {
				c.point(path+at(".exclude", i), []*stage{best}, map[string]spec.Value{axis: v})
			}
		}
	}
	where := sortedAxes(row.Where)
	all := &chooser{rule: rule, where: where, best: columnSource{stage: best}}
	if len(best.pick(where)) > 0 && len(all.candidates()) == 0 {
		c.report(path+".exclude", "every candidate is left out; exclude fewer")
	}
	c.meanableWith(row, path+".best", []*stage{best}, where)
	if w := rule.Within; w != nil {
		c.reference(path+".within", t, w)
		if within := c.known(w.From); within != nil {
			c.meanableWith(row, path+".within", []*stage{within}, where)
		}
	}
}

// score checks a metric that a rule compares candidates by.
func (c *checker) score(path string, rule *SelectLayout, s Score) {
	if id, ok := c.series(path+".metric", s.Selector, s.K); ok {
		rule.checkTest(id, path, c.report)
	}
}

// reference checks the metric of a row that candidates are compared with.
func (c *checker) reference(path string, t *TableLayout, w *WithinLayout) {
	i := slices.IndexFunc(t.Rows, func(r RowLayout) bool { return r.Name == w.Of })
	if i < 0 {
		return // reported with the layout
	}
	selector := w.Selector
	if own := t.Rows[i].From; own != "" {
		selector.From = own
		c.series(path+".of", selector, w.K)
	}
	if s := c.known(selector.From); s != nil {
		c.meanable(path+".of", []*stage{s}, sortedAxes(t.Rows[i].Where), "fix it in where of that row, or name it in over")
	}
}

// columnsOf are the stages that a row shows.
func (c *checker) columnsOf(l *Layout, row RowLayout) []*stage {
	var stages []*stage
	for _, column := range l.Columns {
		from := column.From
		if row.From != "" {
			from = row.From
		}
		if s := c.known(from); s != nil && !slices.Contains(stages, s) {
			stages = append(stages, s)
		}
	}
	return stages
}

// meanableWith is meanable for a row whose rule chooses among the values of some axes.
func (c *checker) meanableWith(row RowLayout, path string, stages []*stage, where []Axis) {
	of := *c
	if row.Select != nil {
		of.over = slices.Concat(c.over, row.Select.Among)
	}
	of.meanable(path, stages, where, "fix it in where, or name it in grid or in over")
}

// someHas reports whether some gathered stage that is known has an axis.
func (c *checker) someHas(axis string) bool {
	for _, cells := range c.Gathered {
		if slices.Contains(axesOfCells(cells), axis) {
			return true
		}
	}
	return false
}
