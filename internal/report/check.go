package report

import (
	"errors"
	"fmt"
	"slices"

	"foil/spec"
)

// Known is what is known about the gathered stages of a report before their cells run. It reports
// what would stop the report at the end of a run, or leave out a part of it.
type Known struct {
	// Gathered are the cells of each stage. Their metrics have no values.
	Gathered map[string][]Cell

	// Metrics are the stages whose metrics are known.
	Metrics map[string]bool

	// Open are metrics of a stage, by name, that may also have other k, groups, splits and
	// checkpoints than those of the cells.
	Open map[string]map[string]bool

	// Units are what the metrics of a stage are means over, by name: user or image. Metrics without
	// outcomes are not in it.
	Units map[string]map[string]string

	// Unknown are the stages of which nothing is known.
	Unknown map[string]bool

	// Note receives what is left out without an error. Nil: nothing does.
	Note spec.Reporter

	// Varied: some rows may be for cells that --set or extend has left out.
	Varied bool
}

// A checker reports problems of a layout.
type checker struct {
	Known
	sources
	over   []string
	report spec.Reporter
}

// CheckTables reports what is wrong with a layout.
func (n Known) CheckTables(l *Layout, report spec.Reporter) {
	c := &checker{Known: n, sources: sources{gathered: n.Gathered}, over: l.Over, report: report}
	for i, column := range l.Columns {
		path := at("columns", i)
		id, ok := c.series(path+".metric", column.Selector, column.K)
		for j, b := range column.Baselines {
			c.baseline(path+at(".baselines", j)+".metric", column.From, b, id, ok)
		}
		for j, t := range l.Tables {
			for k, row := range t.Rows {
				if row.From == "" || !ok {
					continue
				}
				selector := column.Selector
				selector.From, selector.Split, selector.Checkpoint = row.From, id.Split, id.Checkpoint
				c.series(at("tables", j)+at(".rows", k)+".from", selector, id.K)
			}
		}
	}
	c.rules(l)
	c.expected(l)
	var own []*stage
	for _, column := range l.Columns {
		if s := c.known(column.From); s == nil {
			return // the rows depend on it
		} else if !slices.Contains(own, s) {
			own = append(own, s)
		}
	}
	c.references(l, own)
	c.units(l)
	rows := 0
	for i, t := range l.Tables {
		rows += c.grid(at("tables", i), t.Grid, own)
		for j, row := range t.Rows {
			stages := own
			if row.From != "" {
				s := c.known(row.From)
				if s == nil {
					rows++
					continue
				}
				stages = []*stage{s}
			}
			path, where := at("tables", i)+at(".rows", j)+".where", sortedAxes(row.Where)
			if !c.point(path, stages, row.Where) {
				rows++
			} else if present(stages, where) {
				rows++
				c.meanableWith(row, path, stages, where)
			}
		}
	}
	if rows == 0 {
		report("tables", "no table has a row whose cells exist; %s", describeAxes(own))
	}
}

// known returns the stage that is gathered under a name; nil if nothing is known of it.
func (c *checker) known(name string) *stage {
	if c.Unknown[name] {
		return nil
	}
	s, err := c.stage(name)
	if err != nil {
		return nil // reported with the names
	}
	return s
}

// series finds what a selector selects. ok is false if it is not known.
func (c *checker) series(path string, want Selector, k int) (id series, ok bool) {
	s := c.known(want.From)
	if s == nil || !c.Metrics[want.From] {
		return series{}, false
	}
	if c.Open[want.From][want.Metric] && (want.Group != "" || s.isBare(want.Metric)) {
		return series{}, false
	}
	id, err := s.find(want, k)
	if unit := c.Units[want.From]; err == nil && id.Gap != (gap{}) && unit[want.Metric] == "" {
		err = fmt.Errorf("%s of %s has no outcomes of users or images, which a gap is computed from", id.whole(), s.name)
	}
	c.problem(path, err)
	return id, err == nil
}

// isBare reports whether only the name of a metric is known.
func (s *stage) isBare(metric string) bool {
	named := filter(s.allSeries(), func(m series) bool { return m.Name == metric })
	return len(named) == 1 && named[0] == series{Name: metric}
}

func (c *checker) baseline(path, from string, b Baseline, of series, ok bool) {
	if !ok || c.Open[from][b.Metric] {
		return
	}
	_, err := c.known(from).findBaseline(b, of)
	c.problem(path, err)
}

func (c *checker) problem(path string, err error) {
	if err != nil {
		c.report(path, "%v", err)
	}
}

// point checks the values of where. It reports whether they are right as far as that is known.
func (c *checker) point(path string, stages []*stage, where map[string]spec.Value) bool {
	right := true
	for _, axis := range sortedNames(where) {
		values := axisValues(stages, axis)
		if len(values) == 0 {
			right = false // reported with the names
			continue
		}
		err := checkType(stages, axis, where[axis])
		if err == nil && !c.Varied && !slices.ContainsFunc(values, where[axis].Equal) {
			near := nearestText(where[axis], values)
			err = errors.New("no cell has the value " + quoted(where[axis]) + near + "; there are " + listValues(values))
			if near == "" && c.Note != nil {
				c.Note(path+"."+axis, "%v", err)
			}
			if near == "" {
				err = nil
			}
		}
		c.problem(path+"."+axis, err)
		right = right && err == nil
	}
	return right
}

// nearestText suggests one of several values for a text.
func nearestText(v spec.Value, values []spec.Value) string {
	if v.Type != spec.String {
		return ""
	}
	var texts []string
	for _, v := range values {
		texts = append(texts, display(v))
	}
	return didYouMean(display(v), texts)
}

// meanable reports axes in which the cells of one entry differ. It returns whether there are none.
func (c *checker) meanable(path string, stages []*stage, where []Axis, remedy string) bool {
	for _, s := range stages {
		if err := s.checkMeanable(s.pick(where), where, c.over, remedy); err != nil {
			c.problem(path, err)
			return false
		}
	}
	return true
}

// grid checks the rows of a grid, and counts them. It reports only the first problem: the others are
// of the same kind.
func (c *checker) grid(path string, grid []string, stages []*stage) (rows int) {
	if len(grid) == 0 {
		return 0
	}
	values := make([][]spec.Value, len(grid))
	for i, axis := range grid {
		if values[i] = axisValues(stages, axis); len(values[i]) == 0 {
			return 1 // reported with the names, or of a stage that only rows use
		}
	}
	const most = 10_000
	for i, where := range combinations(grid, values) {
		if i == most || present(stages, where) && !c.meanable(path+".grid", stages, where, "name it in grid or in over") {
			return rows + 1
		}
		if present(stages, where) {
			rows++
		}
	}
	return rows
}
