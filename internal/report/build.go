package report

import (
	"errors"
	"fmt"
	"slices"
)

// A builder fills a layout. Its columns are resolved first, so that every
// problem with them is told at once.
type builder struct {
	sources
	layout *Layout
	of     []*stage   // by column
	series []series   // by column
	base   [][]series // by column and baseline
}

// Build fills the layout with the metrics of the gathered stages, which are
// named as under gather.
func Build(layout *Layout, gathered map[string][]Cell) (*Report, error) {
	b := &builder{layout: layout, sources: sources{gathered: gathered}}
	if err := b.resolve(); err != nil {
		return nil, err
	}
	if err := b.checkAxes(); err != nil {
		return nil, err
	}
	r := &Report{Title: clean(layout.Title), Notes: cleanAll(layout.Notes), Over: layout.Over, Columns: b.columns(), Axes: b.rowAxes()}
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
		return nil, errors.New("no table has a row whose cells are part of this run; " + describeAxes(b.stages))
	}
	var err error
	r.Origins, err = b.origins()
	return r, err
}

// resolve finds the stage and the series of every column.
func (b *builder) resolve() error {
	var errs []error
	for i, c := range b.layout.Columns {
		fail := func(err error) {
			errs = append(errs, fmt.Errorf("columns[%d] (%s): %w", i, clean(c.Title), err))
		}
		s, err := b.stage(c.From)
		if err != nil {
			fail(err)
			continue
		}
		id, err := s.find(c.Selector, c.K)
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
	for i, axis := range b.layout.Over {
		errs = append(errs, checkAxis(b.stages, at("over", i), axis))
	}
	for i, t := range b.layout.Tables {
		for j, axis := range t.Grid {
			errs = append(errs, checkAxis(b.stages, at("tables", i)+at(".grid", j), axis))
		}
		for j, row := range t.Rows {
			errs = append(errs, checkPoint(b.stages, at("tables", i)+at(".rows", j)+".where", row.Where))
		}
	}
	return errors.Join(errs...)
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
	for _, axis := range axesOf(b.stages) {
		add(axis)
	}
	return names
}

func at(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }
