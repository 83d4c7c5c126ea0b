package report

import (
	"fmt"
	"slices"

	"foil/spec"
)

func (b *builder) table(layout *TableLayout, axes []string) (Table, error) {
	t := Table{Title: clean(layout.Title), Grid: layout.Grid}
	rows, err := b.rowLayouts(layout)
	if err != nil {
		return t, err
	}
	for _, rl := range rows {
		where := sortedAxes(rl.Where)
		if !b.present(where) {
			if len(layout.Grid) == 0 {
				t.Missing = append(t.Missing, missingName(rl.Name, where))
			}
			continue
		}
		row, err := b.row(rl.Name, where, axes)
		if err != nil {
			return t, fmt.Errorf("row %s: %w", clean(rl.Name), err)
		}
		t.Rows = append(t.Rows, row)
	}
	if t.Baselines, err = b.baselines(t.Rows, axes); err != nil {
		return t, err
	}
	t.count(len(b.series))
	t.Beyond = markBest(t.Rows, t.Baselines, b.layout.Columns)
	return t, nil
}

// count notes how many values the entries of each column have.
func (t *Table) count(columns int) {
	t.N = make([]int, columns)
	for i := range t.N {
		for _, row := range t.Rows {
			t.N[i] = max(t.N[i], row.Entries[i].N)
		}
	}
}

// rowLayouts are the named rows, or one for each point of the grid.
func (b *builder) rowLayouts(layout *TableLayout) ([]RowLayout, error) {
	if len(layout.Grid) == 0 {
		return layout.Rows, nil
	}
	values := make([][]spec.Value, len(layout.Grid))
	for i, axis := range layout.Grid {
		values[i] = axisValues(b.stages, axis)
	}
	var rows []RowLayout
	for _, point := range combinations(layout.Grid, values) {
		where := map[string]spec.Value{}
		for _, a := range point {
			where[a.Name] = a.Value
		}
		rows = append(rows, RowLayout{Name: joined(point, ", "), Where: where})
	}
	return rows, nil
}

// present says whether a row is part of this run: whether those stages that
// share most axes with it have cells for it. The others, which vary less, would
// fit a row that nobody trained.
func (b *builder) present(where []Axis) bool {
	most := 0
	for _, s := range b.stages {
		most = max(most, s.shared(where))
	}
	return slices.ContainsFunc(b.stages, func(s *stage) bool {
		return s.shared(where) == most && len(s.pick(where)) > 0
	})
}

func (b *builder) row(name string, where []Axis, axes []string) (Row, error) {
	row := Row{Name: clean(name)}
	var all []Cell
	for i, id := range b.series {
		s := b.of[i]
		cells := s.pick(where)
		if err := s.checkMeanable(cells, where, b.layout.Over, "fix it in where, or name it in grid or in over"); err != nil {
			return row, err
		}
		e, err := s.entry(cells, id)
		if err != nil {
			return row, err
		}
		row.Entries = append(row.Entries, e)
		all = append(all, cells...)
	}
	for _, axis := range axes {
		if v, ok := value(where, axis); ok {
			row.Axes = append(row.Axes, Axis{axis, v})
		} else if v, ok := common(all, axis); ok {
			row.Axes = append(row.Axes, Axis{axis, v})
		}
	}
	return row, nil
}

// entry summarises a series over cells; cells without it are not counted.
func (s *stage) entry(cells []Cell, id series) (Entry, error) {
	var e Entry
	var values []float64
	for _, c := range cells {
		v, ok, err := s.get(c, id)
		if err != nil {
			return e, err
		}
		if ok {
			values = append(values, v)
			e.Origins = append(e.Origins, Origin{Cell: c, Value: v})
		}
	}
	e.Stat = Summarise(values)
	return e, nil
}

// common is the value that all cells which have the axis share.
func common(cells []Cell, axis string) (spec.Value, bool) {
	var shared spec.Value
	found := false
	for _, c := range cells {
		v, ok := value(c.Axes, axis)
		switch {
		case !ok:
		case found && !shared.Equal(v):
			return spec.Value{}, false
		default:
			shared, found = v, true
		}
	}
	return shared, found
}

// sharedAxes are the values of those axes on which all cells agree.
func sharedAxes(cells []Cell, names []string) []Axis {
	var axes []Axis
	for _, name := range names {
		if v, ok := common(cells, name); ok {
			axes = append(axes, Axis{name, v})
		}
	}
	return axes
}

func sortedAxes(where map[string]spec.Value) []Axis {
	var axes []Axis
	for _, name := range sortedNames(where) {
		axes = append(axes, Axis{name, where[name]})
	}
	return axes
}

func missingName(name string, where []Axis) string {
	if len(where) == 0 {
		return clean(name)
	}
	return clean(name) + " " + bracketed(where)
}
