package report

import (
	"slices"

	"foil/spec"
)

// An ExpectLayout is a value that a number of the report is expected to have. It has one of three
// forms: a value with a tolerance, the values of repeated runs, or their mean, deviation and number.
type ExpectLayout struct {
	Table     string    `yaml:"table"`
	Row       string    `yaml:"row" required:"true"`
	Column    string    `yaml:"column" required:"true"`
	Value     *float64  `yaml:"value"`
	Tolerance *float64  `yaml:"tolerance" min:"0"`
	Runs      []float64 `yaml:"runs"`
	SD        *float64  `yaml:"sd" above:"0"`
	N         *int      `yaml:"n" min:"2"`
	Source    string    `yaml:"source" required:"true"`
}

var expectParams = &spec.Params[ExpectLayout]{
	Docs: spec.Docs{
		"table":     "title of the table; default: the one that has the row",
		"row":       "name of the row, which may be a baseline. A row of a grid is named by its values, such as gender=0, age=400.",
		"column":    "title of the column",
		"value":     "expected value, with tolerance; or the mean of repeated runs, with sd and n",
		"tolerance": "how far the number may be from the value, in either direction",
		"runs":      "values of repeated runs; the number must be in their 95 % prediction interval for a mean of as many values as it has",
		"sd":        "standard deviation of the repeated runs (n - 1), for the same interval",
		"n":         "number of the repeated runs",
		"source":    "where the value is from, such as a paper and its table",
	},
	Check: (*ExpectLayout).check,
}

func (e *ExpectLayout) check(report spec.Reporter) {
	const forms = "value and tolerance; runs; or value, sd and n"
	summary := e.SD != nil || e.N != nil
	switch {
	case e.Runs != nil && (e.Value != nil || e.Tolerance != nil || summary):
		report("runs", "an expected value has one form: %s; not several of them", forms)
	case e.Tolerance != nil && summary:
		report("tolerance", "an expected value has one form: %s; not several of them", forms)
	case e.Runs != nil && len(e.Runs) < 2:
		report("runs", "needs at least 2 runs for an interval; a single value needs a tolerance")
	case e.Runs != nil && Summarise(e.Runs).SD == 0:
		report("runs", "all runs are equal, so they give no interval; use value and tolerance")
	case e.Runs != nil:
		e.checkInterval("runs", report)
	case e.Value == nil:
		report("", "has no value; it needs %s", forms)
	case e.Tolerance == nil && !summary:
		report("value", "needs a tolerance, or sd and n of repeated runs")
	case summary && e.SD == nil:
		report("n", "n needs sd, the standard deviation of the runs")
	case summary && e.N == nil:
		report("sd", "sd needs n, the number of runs")
	case summary:
		e.checkInterval("sd", report)
	}
}

// checkInterval reports numbers that are too large for an interval.
func (e *ExpectLayout) checkInterval(path string, report spec.Reporter) {
	if _, low, high, _ := e.interval(1); !finite(low) || !finite(high) {
		report(path, "the numbers are too large for an interval")
	}
}

// checkExpect reports expected values of rows, columns and tables that the layout does not have.
func (l *Layout) checkExpect(report spec.Reporter) {
	columns := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		columns[i] = c.Title
	}
	for i, e := range l.Expect {
		path := at("expect", i)
		if !slices.Contains(columns, e.Column) {
			report(path+".column", "there is no column %q%s", e.Column, spec.Suggestion(e.Column, columns))
		}
		tables := l.Tables
		if e.Table != "" {
			var titles []string
			for _, t := range l.Tables {
				titles = append(titles, t.Title)
			}
			j := slices.Index(titles, e.Table)
			if j < 0 {
				report(path+".table", "there is no table %q%s", e.Table, spec.Suggestion(e.Table, titles))
				continue
			}
			tables = tables[j : j+1]
		}
		if slices.ContainsFunc(tables, func(t TableLayout) bool { return len(t.Grid) > 0 }) {
			continue // the names of its rows depend on the cells
		}
		e.checkRow(rowsOf(tables), l, path, report)
	}
}

// A namedRow is a row of some table, by the name that an expected value gives it.
type namedRow struct {
	table int // index in the tables that were searched
	name  string
}

// rowsOf are the named rows of tables.
func rowsOf(tables []TableLayout) []namedRow {
	var rows []namedRow
	for i, t := range tables {
		for _, row := range t.Rows {
			rows = append(rows, namedRow{i, row.Name})
		}
	}
	return rows
}

// checkRow reports an expected value that is of no row, or of several.
func (e ExpectLayout) checkRow(rows []namedRow, l *Layout, path string, report spec.Reporter) {
	var names, baselines []string
	anyColumn := !slices.ContainsFunc(l.Columns, func(c Column) bool { return c.Title == e.Column }) // it is reported
	tables := map[int]bool{}
	for _, row := range rows {
		if !slices.Contains(names, row.name) {
			names = append(names, row.name)
		}
		if row.name == e.Row {
			tables[row.table] = true
		}
	}
	for _, c := range l.Columns {
		for _, b := range c.Baselines {
			if b.label() == e.Row && c.Title == e.Column && e.Table == "" && len(l.Tables) > 1 {
				report(path+".row", "every table has the baseline %q; say which one with table", e.Row)
				return
			}
			if c.Title == e.Column || anyColumn {
				baselines = append(baselines, b.label())
			}
		}
	}
	switch {
	case len(tables) > 1:
		report(path+".row", "several tables have a row %q; say which one with table", e.Row)
	case len(tables) == 0 && !slices.Contains(baselines, e.Row):
		report(path+".row", "there is no row %q%s", e.Row, spec.Suggestion(e.Row, append(names, baselines...)))
	}
}
