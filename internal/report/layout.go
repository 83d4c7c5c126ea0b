package report

import "foil/spec"

// A Layout says what a report shows. It is the parameters of report/table.
type Layout struct {
	Title   string        `yaml:"title" doc:"heading of the report"`
	Notes   []string      `yaml:"notes" doc:"free text under the tables"`
	Over    []string      `yaml:"over" doc:"axes that are averaged over; the remaining ones tell rows apart"`
	Columns []Column      `yaml:"columns" doc:"the numbers of a row" required:"true" nonempty:"true"`
	Tables  []TableLayout `yaml:"tables" doc:"the tables, all with the same columns" required:"true" nonempty:"true"`
}

// A Selector names a metric of the cells of a gathered stage. Split and Checkpoint may be left out
// where there is only one; without Group the metric is that of all users.
type Selector struct {
	From       string `yaml:"from" doc:"name under gather" required:"true"`
	Metric     string `yaml:"metric" doc:"name of the metric" required:"true"`
	Group      string `yaml:"group" doc:"attribute or group of users; left out: all users"`
	Split      string `yaml:"split" doc:"part of the data the metric is of, such as test"`
	Checkpoint string `yaml:"checkpoint" doc:"weights the metric is of, such as best or last"`
}

// A Column selects one metric in every cell. K may be left out where there is only one.
type Column struct {
	Title string `yaml:"title" doc:"heading of the column" required:"true"`
	Selector
	K         int        `yaml:"k" doc:"cut-off of a ranking metric" min:"0"`
	Better    string     `yaml:"better" doc:"which end is marked as best; left out: none" oneof:"higher,lower"`
	Digits    int        `yaml:"digits" doc:"digits behind the point" min:"0" max:"15"`
	Baselines []Baseline `yaml:"baselines" doc:"metrics of the same stage that need no model, each a row under the models"`
}

// SetDefaults is called before a column is read.
func (c *Column) SetDefaults() { c.Digits = 3 }

// A Baseline is a metric to compare a column with. Baselines of several columns that have the same
// name share a row.
type Baseline struct {
	Name   string `yaml:"name" doc:"name of the row; left out: the metric's"`
	Metric string `yaml:"metric" doc:"name of the metric, in the column's group and split" required:"true"`
}

func (b Baseline) label() string {
	if b.Name != "" {
		return b.Name
	}
	return b.Metric
}

// A TableLayout is a table with either named rows or a row for every combination of axes.
type TableLayout struct {
	Title string      `yaml:"title" doc:"caption of the table" required:"true"`
	Grid  []string    `yaml:"grid" doc:"axes: a row for each combination of their values, in this order"`
	Rows  []RowLayout `yaml:"rows" doc:"rows by name, instead of grid"`
}

// A RowLayout is a named row.
type RowLayout struct {
	Name  string                `yaml:"name" doc:"name of the row" required:"true"`
	Where map[string]spec.Value `yaml:"where" doc:"axis: value, for every axis that is not averaged over"`
}

// Check reports errors of a layout that do not depend on the cells.
func (l *Layout) Check(report func(path, format string, args ...any)) {
	over := checkOver(l.Over, report)
	titles := map[string]bool{}
	for i, c := range l.Columns {
		if titles[c.Title] {
			report(at("columns", i)+".title", "another column is called %q too; readers could not tell them apart", c.Title)
		}
		titles[c.Title] = true
		checkBaselines(c, at("columns", i), report)
	}
	titles = map[string]bool{}
	for i := range l.Tables {
		t := &l.Tables[i]
		if titles[t.Title] {
			report(at("tables", i)+".title", "another table is called %q too", t.Title)
		}
		titles[t.Title] = true
		t.check(over, at("tables", i), report)
	}
}

// checkOver returns the axes that are averaged over.
func checkOver(names []string, report func(path, format string, args ...any)) map[string]bool {
	over := map[string]bool{}
	for i, name := range names {
		if over[name] {
			report(at("over", i), "axis %q is named twice", name)
		}
		over[name] = true
	}
	return over
}

func checkBaselines(c Column, path string, report func(path, format string, args ...any)) {
	names := map[string]bool{}
	for i, b := range c.Baselines {
		if names[b.label()] {
			report(path+at(".baselines", i), "another baseline of this column is called %q too", b.label())
		}
		names[b.label()] = true
	}
}

func (t *TableLayout) check(over map[string]bool, path string, report func(path, format string, args ...any)) {
	switch {
	case len(t.Grid) > 0 && len(t.Rows) > 0:
		report(path+".rows", "a table has either grid or rows")
	case len(t.Grid) == 0 && len(t.Rows) == 0:
		report(path, "the table has neither rows (by name) nor grid (the axes whose combinations are the rows)")
	}
	axes := map[string]bool{}
	for i, name := range t.Grid {
		switch {
		case over[name]:
			report(path+at(".grid", i), "axis %q is averaged over (over:), so it cannot tell rows apart", name)
		case axes[name]:
			report(path+at(".grid", i), "axis %q is named twice", name)
		}
		axes[name] = true
	}
	names := map[string]bool{}
	for i, row := range t.Rows {
		if names[row.Name] {
			report(path+at(".rows", i)+".name", "another row is called %q too", row.Name)
		}
		names[row.Name] = true
		checkWhere(row.Where, path+at(".rows", i), report)
	}
}

func checkWhere(where map[string]spec.Value, path string, report func(path, format string, args ...any)) {
	for _, axis := range sortedNames(where) {
		switch where[axis].Type {
		case spec.Null, spec.List, spec.Map:
			report(path+".where."+axis, "the value of an axis is one string, number, true or false")
		}
	}
}
