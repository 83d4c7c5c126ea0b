package report

import (
	"slices"
	"strings"

	"foil/spec"
)

// A Compare defines how the rows of tables are tested against each other.
type Compare struct {
	To        string   `yaml:"to"`
	Paired    []string `yaml:"paired"`
	Test      string   `yaml:"test" oneof:"randomisation,t,corrected-t"`
	TestShare float64  `yaml:"test_share" min:"0"`
	Correct   string   `yaml:"correct" oneof:"holm,bh,none"`
	Level     float64  `yaml:"level" min:"0.5" max:"0.9999"`
}

// The tests of a Compare.
const (
	randomisation = "randomisation"
	studentT      = "t"
	correctedT    = "corrected-t"
)

var compareParams = &spec.Params[Compare]{
	Defaults: defaultCompare,
	Docs: spec.Docs{
		"to": "row that the others are compared with, of the same table or of another one; a row of a grid is named like " +
			"\"gender=0, age=0\". Default: rows are compared with the best row alone, for its mark.",
		"paired": "what the rows are paired by: user, image or unit (by what one row's outcomes are listed, whatever it is), " +
			"and axes of over. Default: units and all axes of over in columns with outcomes, the axes of over in the others.",
		"test": "randomisation flips the signs of differences; t is the paired t-test. corrected-t is the t-test of Nadeau and Bengio (2003) " +
			"over folds or repeated splits; it needs pairs by axes alone.",
		"test_share": "size of the test data divided by the size of the training data, for corrected-t; 0: 1 / (n - 1) for n pairs, " +
			"as in n-fold cross-validation. Pairs by several axes need it, such as 0.25 for five folds with three seeds.",
		"correct": "correction for all comparisons of a table: holm (no false difference, at the level), bh (Benjamini and Hochberg: " +
			"few false ones among those found), none",
		"level": "confidence level of the intervals; a difference is more than noise if its corrected p is at most 1 - level",
	},
	Check: (*Compare).check,
}

func defaultCompare() Compare {
	return Compare{Test: randomisation, Correct: "holm", Level: 0.95}
}

// unitNames are the names by which paired asks for outcomes.
var unitNames = []string{"user", "image", anyUnit}

// anyUnit is whatever the outcomes are of.
const anyUnit = "unit"

func (c *Compare) check(report spec.Reporter) {
	units := 0
	for i, name := range c.Paired {
		if slices.Contains(c.Paired[:i], name) {
			report(at("paired", i), "%q occurs twice", name)
		}
		if slices.Contains(unitNames, name) {
			units++
			if units > 1 {
				report(at("paired", i), "one kind of unit is enough: %q is the second one", name)
			}
			if c.Test == correctedT {
				report("test", "corrected-t compares means per fold or seed, so it fits no pairs by %s; use randomisation or t, or name axes alone in paired", name)
			}
		}
	}
	if c.TestShare != 0 && c.Test != correctedT {
		report("test_share", "only corrected-t has a test share, and test is %s", c.Test)
	}
}

// unit is the unit that paired names.
func (c *Compare) unit() string {
	for _, name := range c.Paired {
		if slices.Contains(unitNames, name) {
			return name
		}
	}
	return ""
}

// axes are the axes that paired names, or over.
func (c *Compare) axes(over []string) []string {
	if len(c.Paired) == 0 {
		return over
	}
	return filter(c.Paired, func(name string) bool { return !slices.Contains(unitNames, name) })
}

// byUnits reports whether pairs are units where there are outcomes.
func (c *Compare) byUnits() bool {
	return c.Test != correctedT && (len(c.Paired) == 0 || c.unit() != "")
}

// compare is how the rows of a table are compared.
func (l *Layout) compare(t *TableLayout) *Compare {
	switch {
	case t.Compare != nil:
		return t.Compare
	case l.Compare != nil:
		return l.Compare
	}
	c := defaultCompare()
	return &c
}

// checkCompares reports what does not fit in the comparisons of a layout, as far as that shows
// without the cells.
func (l *Layout) checkCompares(report spec.Reporter) {
	check := func(c *Compare, path string) {
		if c == nil {
			return
		}
		for i, name := range c.Paired {
			if !slices.Contains(unitNames, name) && !slices.Contains(l.Over, name) {
				known := append(unitNames[:len(unitNames):len(unitNames)], l.Over...)
				report(path+at(".paired", i), "%q is neither a unit (user, image, unit) nor an axis in over%s", name, didYouMean(name, known))
			}
		}
		if c.Test == correctedT && len(l.Over) == 0 {
			report(path+".test", "corrected-t compares means per fold or seed, but over names no axis")
		}
		if c.Test == correctedT && c.TestShare == 0 && len(c.axes(l.Over)) > 1 {
			report(path+".test_share", "with pairs by several axes (%s) the share of test data is not known; set it, such as 0.25 for five folds, "+
				"or name one axis in paired", strings.Join(c.axes(l.Over), ", "))
		}
		if names, grids := l.rowNames(); c.To != "" && !grids && !slices.Contains(names, c.To) {
			report(path+".to", "no table has a row %q%s", c.To, didYouMean(c.To, names))
		}
	}
	check(l.Compare, "compare")
	for i, t := range l.Tables {
		check(t.Compare, at("tables", i)+".compare")
	}
}

// rowNames are the names of the rows of all tables. grids: there are also rows of grids, whose names
// depend on the cells.
func (l *Layout) rowNames() (names []string, grids bool) {
	for _, t := range l.Tables {
		grids = grids || len(t.Grid) > 0
		for _, row := range t.Rows {
			if !slices.Contains(names, row.Name) {
				names = append(names, row.Name)
			}
		}
	}
	return names, grids
}

// references checks the rows that tables compare with, where grids name rows by the values of axes.
func (c *checker) references(l *Layout, own []*stage) {
	names, grids := l.rowNames()
	if !grids {
		return // checked with the layout
	}
	for _, t := range l.Tables {
		values := make([][]spec.Value, len(t.Grid))
		for i, axis := range t.Grid {
			if values[i] = axisValues(own, axis); len(values[i]) == 0 {
				return // reported with the names
			}
		}
		if len(t.Grid) > 0 {
			for _, where := range combinations(t.Grid, values) {
				names = append(names, rowName(where))
			}
		}
	}
	check := func(own *Compare, path string) {
		if own != nil && own.To != "" && !slices.Contains(names, own.To) {
			c.report(path+".to", "no table has a row %q%s", own.To, didYouMean(own.To, names))
		}
	}
	check(l.Compare, "compare")
	for i, t := range l.Tables {
		check(t.Compare, at("tables", i)+".compare")
	}
}

// units checks that some column has outcomes of the units that rows are paired by.
func (c *checker) units(l *Layout) {
	var have []string
	for _, column := range l.Columns {
		if !c.Metrics[column.From] {
			return
		}
		if unit := c.Units[column.From][column.Metric]; unit != "" && !slices.Contains(have, unit) {
			have = append(have, unit)
		}
	}
	check := func(own *Compare, path string) {
		if own == nil || own.unit() == "" || own.unit() == anyUnit && len(have) > 0 || slices.Contains(have, own.unit()) {
			return
		}
		but := "no column has any, so name axes alone"
		if len(have) > 0 {
			but = "the outcomes of the columns are by " + strings.Join(have, " and ")
		}
		c.report(path+at(".paired", slices.Index(own.Paired, own.unit())), "no column has outcomes by %s; %s", own.unit(), but)
	}
	check(l.Compare, "compare")
	for i, t := range l.Tables {
		check(t.Compare, at("tables", i)+".compare")
	}
}

// rowName is the name of a row of a grid.
func rowName(point []Axis) string { return joined(point, ", ") }
