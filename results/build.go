package results

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// A builder fills a layout. Its columns are resolved first, so that every
// problem with them is told at once.
type builder struct {
	layout *Layout
	stages []*stage   // those that a column is from, in order of first use
	of     []*stage   // by column
	series []series   // by column
	base   [][]series // by column and baseline
}

// Build fills the layout with the metrics of the gathered stages, which are
// named as under gather.
func Build(layout *Layout, gathered map[string][]Cell) (*Report, error) {
	b := &builder{layout: layout}
	if err := b.resolve(gathered); err != nil {
		return nil, err
	}
	if err := b.checkAxes(); err != nil {
		return nil, err
	}
	r := &Report{Title: clean(layout.Title), Over: layout.Over, Columns: b.columns(), Axes: b.rowAxes()}
	for _, note := range layout.Notes {
		r.Notes = append(r.Notes, clean(note))
	}
	var errs []error
	rows := 0
	for i := range layout.Tables {
		t, err := b.table(&layout.Tables[i], r.Axes)
		if err != nil {
			errs = append(errs, fmt.Errorf("tables[%d] (%s): %w", i, clean(layout.Tables[i].Title), err))
			continue
		}
		rows += len(t.Rows)
		r.Tables = append(r.Tables, t)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, errors.New("no table has a row whose cells are part of this run; " + b.describeAxes())
	}
	var err error
	r.Origins, err = b.origins()
	return r, err
}

// resolve finds the stage and the series of every column.
func (b *builder) resolve(gathered map[string][]Cell) error {
	var errs []error
	byName := map[string]*stage{}
	for i, c := range b.layout.Columns {
		fail := func(err error) {
			errs = append(errs, fmt.Errorf("columns[%d] (%s): %w", i, clean(c.Title), err))
		}
		cells, ok := gathered[c.From]
		if !ok {
			names := sortedNames(gathered)
			fail(fmt.Errorf("nothing is gathered as %q%s; there is %s", c.From, didYouMean(c.From, names), strings.Join(names, ", ")))
			continue
		}
		s := byName[c.From]
		if s == nil {
			s = newStage(c.From, cells)
			byName[c.From] = s
			b.stages = append(b.stages, s)
		}
		id, err := s.find(c)
		if err != nil {
			fail(err)
			continue
		}
		var baselines []series
		for _, baseline := range c.Baselines {
			bid, err := s.findBaseline(baseline, id)
			if err != nil {
				fail(err)
				continue
			}
			baselines = append(baselines, bid)
		}
		b.of = append(b.of, s)
		b.series = append(b.series, id)
		b.base = append(b.base, baselines)
	}
	return errors.Join(errs...)
}

// columns are those of the layout with what was found where they left it open.
func (b *builder) columns() []Column {
	columns := slices.Clone(b.layout.Columns)
	for i := range columns {
		c, id := &columns[i], b.series[i]
		c.Title = clean(c.Title)
		c.K, c.Split, c.Checkpoint = id.K, id.Split, id.Checkpoint
	}
	return columns
}

// checkAxes tells of axes in over, grid and where that no stage has, and of
// values that an axis can never have.
func (b *builder) checkAxes() error {
	var errs []error
	check := func(axis, path string) bool {
		have := b.axes()
		if slices.Contains(have, axis) {
			return true
		}
		there := "; the cells have " + strings.Join(have, ", ")
		if len(have) == 0 {
			there = "; the cells have no axes"
		}
		errs = append(errs, fmt.Errorf("%s: unknown axis %q%s%s", path, axis, didYouMean(axis, have), there))
		return false
	}
	for i, axis := range b.layout.Over {
		check(axis, at("over", i))
	}
	for i, t := range b.layout.Tables {
		for j, axis := range t.Grid {
			check(axis, at("tables", i)+at(".grid", j))
		}
		for j, row := range t.Rows {
			path := at("tables", i) + at(".rows", j) + ".where"
			for _, axis := range sortedNames(row.Where) {
				if check(axis, path) {
					errs = append(errs, b.checkType(path+"."+axis, axis, row.Where[axis]))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// checkType says no when a value cannot be one of the axis: "400" is no 400.
func (b *builder) checkType(path, axis string, want spec.Value) error {
	values := axisValues(b.stages, axis)
	for _, v := range values {
		if v.Type == want.Type || isNumber(v) && isNumber(want) {
			return nil
		}
	}
	return fmt.Errorf("%s: %s is %s, the values of the axis are %s (%s)", path, quoted(want), typeName(want),
		listValues(values), typeName(values[0]))
}

// axes are the names of all axes that the cells have.
func (b *builder) axes() []string {
	var names []string
	for _, s := range b.stages {
		names = append(names, s.axes...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// rowAxes are the axes that tell rows apart, in the order of the first grid.
func (b *builder) rowAxes() []string {
	var names []string
	add := func(axis string) {
		if !slices.Contains(names, axis) && !slices.Contains(b.layout.Over, axis) {
			names = append(names, axis)
		}
	}
	for _, t := range b.layout.Tables {
		for _, axis := range t.Grid {
			add(axis)
		}
	}
	for _, axis := range b.axes() {
		add(axis)
	}
	return names
}

func (b *builder) describeAxes() string {
	var parts []string
	for _, axis := range b.axes() {
		parts = append(parts, clean(axis)+" is "+listValues(axisValues(b.stages, axis)))
	}
	if len(parts) == 0 {
		return "its cells have no axes"
	}
	return "in its cells " + strings.Join(parts, "; ")
}

func quoted(v spec.Value) string {
	if v.Type == spec.String {
		return fmt.Sprintf("%q", v.Str)
	}
	return v.String()
}

func typeName(v spec.Value) string {
	switch v.Type {
	case spec.String:
		return "a string"
	case spec.Bool:
		return "true or false"
	}
	return "a number"
}

func at(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }
