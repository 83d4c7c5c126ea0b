package report

import (
	"slices"

	"foil/spec"
)

// expected checks the expected values whose rows depend on the cells: those of grids, and those that
// no cell of a whole run can have.
func (c *checker) expected(l *Layout) {
	rows := make([][]namedRow, len(l.Tables)) // by table
	present := make([]map[string]bool, len(l.Tables))
	for i, t := range l.Tables {
		var ok bool
		if rows[i], present[i], ok = c.namedRows(l, t, i); !ok {
			return // something of the rows is not known
		}
	}
	for i, e := range l.Expect {
		j := slices.IndexFunc(l.Tables, func(t TableLayout) bool { return t.Title == e.Table })
		searched := slices.Concat(rows...)
		if j >= 0 {
			searched = rows[j]
		}
		path := at("expect", i)
		failed := false
		e.checkRow(searched, l, path, spec.ReportTo(func(at, message string) {
			failed = true
			if !c.Varied {
				c.report(at, "%s", message)
			}
		}))
		k := slices.IndexFunc(searched, func(r namedRow) bool { return r.name == e.Row })
		if !failed && !c.Varied && k >= 0 && !present[searched[k].table][e.Row] {
			c.report(path+".row", "row %q has no cells, so it will have no number", e.Row)
		}
	}
}

// namedRows are the rows of table i, and which of them have cells.
func (c *checker) namedRows(l *Layout, t TableLayout, i int) (rows []namedRow, has map[string]bool, ok bool) {
	has = map[string]bool{}
	if len(t.Grid) == 0 {
		for _, row := range t.Rows {
			stages := c.columnsOf(l, row)
			rows = append(rows, namedRow{i, row.Name})
			has[row.Name] = len(stages) == 0 || present(stages, sortedAxes(row.Where))
		}
		return rows, has, true
	}
	stages := c.columnsOf(l, RowLayout{})
	values := make([][]spec.Value, len(t.Grid))
	points := 1
	for j, axis := range t.Grid {
		values[j] = axisValues(stages, axis)
		points *= len(values[j])
	}
	const most = 10_000
	if points == 0 || points > most {
		return nil, nil, false
	}
	for _, where := range combinations(t.Grid, values) {
		if name := rowName(where); present(stages, where) {
			rows, has[name] = append(rows, namedRow{i, name}), true
		}
	}
	return rows, has, true
}
