package report

import "foil/spec"

// A Layout defines what a report shows. It holds the parameters of report/table.
type Layout struct {
	Title    string         `yaml:"title"`
	Notes    []string       `yaml:"notes"`
	Over     []string       `yaml:"over"`
	Columns  []Column       `yaml:"columns" required:"true" nonempty:"true"`
	Compare  *Compare       `yaml:"compare"`
	Marks    string         `yaml:"marks" oneof:"tested,any"`
	Interval string         `yaml:"interval" oneof:"units,sd,none"`
	Tables   []TableLayout  `yaml:"tables" required:"true" nonempty:"true"`
	Expect   []ExpectLayout `yaml:"expect"`
}

// LayoutParams describes a Layout.
var LayoutParams = &spec.Params[Layout]{
	Defaults: func() Layout { return Layout{Marks: testedMarks, Interval: intervalUnits} },
	Docs: spec.Docs{
		"title":   "heading of the report",
		"notes":   "free text below the tables",
		"over":    "axes to average over; the other axes distinguish the rows",
		"columns": "columns of the tables, each with one metric",
		"compare": "how the rows of all tables are compared; a table may have its own",
		"marks":   "tested: the best of a column are the rows that no other row beats beyond noise; any: the best mean, tested or not",
		"interval": "what stands after ±. units: in columns with outcomes, the mean is over all units (users, images), with its confidence interval; " +
			"in other columns as sd. sd: mean and standard deviation over cells. none: nothing.",
		"tables": "tables of the report; all have the same columns",
		"expect": "published or otherwise known values, which the numbers of the report are compared with",
	},
	Nested: []spec.Described{columnParams, compareParams, tableParams, expectParams},
	Check:  (*Layout).check,
}

// What marks and interval may be.
const (
	testedMarks   = "tested"
	intervalUnits = "units"
	intervalNone  = "none"
)

// A Selector selects a metric of the cells of a gathered stage. Split and Checkpoint may be empty
// if there is only one. An empty Group selects the metric that has no group.
type Selector struct {
	From       string     `yaml:"from" required:"true"`
	Metric     string     `yaml:"metric" required:"true"`
	Group      string     `yaml:"group"`
	Gap        *GapLayout `yaml:"gap"`
	Split      string     `yaml:"split"`
	Checkpoint string     `yaml:"checkpoint"`
}

var selectorParams = &spec.Params[Selector]{
	Docs: spec.Docs{
		"from":       "gathered stage that has the metric, by its name under gather",
		"metric":     "name of the metric",
		"group":      groupDoc,
		"gap":        gapDoc,
		"split":      "part of the data, such as test; required if the metric exists for several parts",
		"checkpoint": "checkpoint, such as best or last; required if the metric exists for several checkpoints",
	},
	Nested: []spec.Described{gapParams},
}

// A Column selects one metric in every cell. K may be 0 if there is only one.
type Column struct {
	Title string `yaml:"title" required:"true"`
	Selector
	K         int        `yaml:"k" min:"0"`
	Better    string     `yaml:"better" oneof:"higher,lower"`
	Digits    int        `yaml:"digits" min:"0" max:"15"`
	Show      string     `yaml:"show" oneof:"mean,count"`
	Above     float64    `yaml:"above"`
	Baselines []Baseline `yaml:"baselines"`
}

var columnParams = &spec.Params[Column]{
	Defaults: func() Column { return Column{Digits: 3, Show: showMean} },
	Docs: spec.Docs{
		"title":     "heading of the column",
		"k":         "cut-off of a ranking metric, or epoch of a curve; required if the metric exists for several",
		"better":    "whether higher or lower values are better; the best rows of the column are marked. Default: no mark.",
		"digits":    "digits after the decimal point",
		"show":      "the mean of the values, or how many of them are higher than above, such as 3/5",
		"above":     "a value must be higher to be counted, for show: count",
		"baselines": "metrics of the same stage that need no model; each one is a row below the models",
	},
	Nested: []spec.Described{selectorParams, baselineParams},
}

// What a column shows of the values of a row.
const (
	showMean  = "mean"
	showCount = "count"
)

// A Baseline is a metric to compare a column with. Baselines of several columns that have the same
// name share a row.
type Baseline struct {
	Name   string `yaml:"name"`
	Metric string `yaml:"metric" required:"true"`
}

var baselineParams = &spec.Params[Baseline]{
	Docs: spec.Docs{
		"name":   "name of the row; default: the name of the metric",
		"metric": "name of the metric; its group and split are those of the column",
	},
}

func (b Baseline) label() string {
	if b.Name != "" {
		return b.Name
	}
	return b.Metric
}

// A TableLayout is a table with either named rows or a row for every combination of axis values.
type TableLayout struct {
	Title   string      `yaml:"title" required:"true"`
	Grid    []string    `yaml:"grid"`
	Rows    []RowLayout `yaml:"rows"`
	Compare *Compare    `yaml:"compare"`
}

var tableParams = &spec.Params[TableLayout]{
	Docs: spec.Docs{
		"title":   "caption of the table",
		"grid":    "axes; the table has a row for each combination of their values, in this order",
		"rows":    "named rows, instead of grid",
		"compare": "how the rows of this table are compared, instead of the report's compare",
	},
	Nested: []spec.Described{compareParams, rowParams},
}

// A RowLayout is a named row.
type RowLayout struct {
	Name  string                `yaml:"name" required:"true"`
	From  string                `yaml:"from"`
	Where map[string]spec.Value `yaml:"where"`

	Select *SelectLayout `yaml:"select"`
}

var rowParams = &spec.Params[RowLayout]{
	Docs: spec.Docs{
		"name":  "name of the row",
		"from":  "gathered stage that has the metrics of this row; default: that of each column",
		"where": "the cells of the row: a value for each axis that is not averaged over",

		"select": "a rule that chooses the cells of the row by other metrics, such as those of validation users",
	},
	Nested: []spec.Described{selectParams},
}

// check reports errors of a layout that do not depend on the cells. It checks the nested structs,
// too, so that all errors are reported at once.
func (l *Layout) check(report spec.Reporter) {
	over := checkOver(l.Over, report)
	titles := map[string]bool{}
	for i, c := range l.Columns {
		if titles[c.Title] {
			report(at("columns", i)+".title", "another column has the title %q, too", c.Title)
		}
		titles[c.Title] = true
		checkBaselines(c, at("columns", i), report)
		checkNoBaselines(c, at("columns", i), report)
	}
	titles = map[string]bool{}
	for i := range l.Tables {
		t := &l.Tables[i]
		if titles[t.Title] {
			report(at("tables", i)+".title", "another table has the title %q, too", t.Title)
		}
		titles[t.Title] = true
		t.check(over, at("tables", i), report)
	}
	l.checkCompares(report)
	l.checkRules(report)
	l.checkExpect(report)
}

// checkOver returns the axes that are averaged over.
func checkOver(names []string, report spec.Reporter) map[string]bool {
	over := map[string]bool{}
	for i, name := range names {
		if over[name] {
			report(at("over", i), "axis %q occurs twice", name)
		}
		over[name] = true
	}
	return over
}

func checkBaselines(c Column, path string, report spec.Reporter) {
	names := map[string]bool{}
	for i, b := range c.Baselines {
		if names[b.label()] {
			report(path+at(".baselines", i), "another baseline of this column has the name %q, too", b.label())
		}
		names[b.label()] = true
	}
}

func (t *TableLayout) check(over map[string]bool, path string, report spec.Reporter) {
	switch {
	case len(t.Grid) > 0 && len(t.Rows) > 0:
		report(path+".rows", "a table has rows or grid, not both")
	case len(t.Grid) == 0 && len(t.Rows) == 0:
		report(path, "a table needs rows (named rows) or grid (a row for each combination of axis values)")
	}
	axes := map[string]bool{}
	for i, name := range t.Grid {
		switch {
		case over[name]:
			report(path+at(".grid", i), "axis %q is averaged over (see over), so it cannot distinguish rows", name)
		case axes[name]:
			report(path+at(".grid", i), "axis %q occurs twice", name)
		}
		axes[name] = true
	}
	names := map[string]bool{}
	for i, row := range t.Rows {
		if names[row.Name] {
			report(path+at(".rows", i)+".name", "another row has the name %q, too", row.Name)
		}
		names[row.Name] = true
		checkWhere(row.Where, path+at(".rows", i), report)
	}
}

func checkWhere(where map[string]spec.Value, path string, report spec.Reporter) {
	for _, axis := range sortedNames(where) {
		checkAxisValue(where[axis], path+".where."+axis, report)
	}
}

func checkAxisValue(v spec.Value, path string, report spec.Reporter) {
	switch v.Type {
	case spec.Null, spec.List, spec.Map:
		report(path, "the value of an axis must be a string, a number, true or false")
	}
}
