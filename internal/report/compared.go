package report

import (
	"fmt"
	"slices"
)

// compareAll adds to the tables what is known about their numbers beyond means and deviations: means
// over all units with intervals, differences from a reference row, and which rows are the best.
func (b *builder) compareAll(tables []Table) error {
	for i := range tables {
		t := &tables[i]
		t.Compare = b.layout.compare(&b.layout.Tables[i])
		if err := b.pool(t); err != nil {
			return fmt.Errorf("tables[%d] (%s): %w", i, t.Title, err)
		}
	}
	for i := range tables {
		if err := b.compare(tables, i); err != nil {
			return fmt.Errorf("tables[%d] (%s): %w", i, tables[i].Title, err)
		}
	}
	return b.testGaps(tables)
}

// pool replaces the means of columns by those over all units, where every row has units.
func (b *builder) pool(t *Table) error {
	if b.layout.Interval != intervalUnits {
		return nil
	}
	for i := range b.columns {
		kind, err := unitOf(rowPointers(t.Rows), i)
		if err != nil {
			return err
		}
		if kind == "" {
			continue
		}
		err = inParallel(len(t.Rows), func(r int) (err error) { // the units have been read by unitOf
			row := &t.Rows[r]
			e := &row.Entries[i]
			if len(e.Origins) == 0 {
				return nil
			}
			if e.Pooled, err = row.from[i].stage.pooled(*e, row.from[i].series, t.Compare.Level); err != nil {
				return err
			}
			if row.from[i].series.Gap != (gap{}) && !finite(e.Pooled.Value) {
				e.Pooled = nil // the cells have gaps, and all of them together have none
				return nil
			}
			e.Pooled.Cells, e.Mean = e.Mean, e.Pooled.Value
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unitOf is the kind of the units that all numbers of a column have; empty if one of them has none.
func unitOf(rows []*Row, i int) (kind string, err error) {
	for r, row := range rows {
		e := row.Entries[i]
		if e.count() == 0 {
			continue
		}
		if row.from[i].stage.unread(e) {
			readTogether(rows[r:], i)
		}
		own, ok, err := row.from[i].stage.hasUnits(e, row.from[i].series)
		if err != nil || !ok || kind != "" && own != kind {
			return "", err
		}
		kind = own
	}
	return kind, nil
}

// unread reports whether units of an entry have not been read.
func (s *stage) unread(e Entry) bool {
	return slices.ContainsFunc(e.Origins, func(o Origin) bool {
		_, ready := s.ahead.ready[o.Cell.Digest]
		return s.outcomes[o.Cell.Digest] == nil && !ready && o.Cell.Outcomes != nil
	})
}

// readTogether reads the files behind column i in the first of some rows.
func readTogether(rows []*Row, i int) {
	s := rows[0].from[i].stage
	var cells []Cell
	for _, row := range rows {
		if row.from[i].stage == s {
			cells = append(cells, row.Entries[i].cells()...)
		}
	}
	s.readTogether(cells)
}

func rowPointers(rows []Row) []*Row {
	all := make([]*Row, len(rows))
	for i := range rows {
		all[i] = &rows[i]
	}
	return all
}

// compare tests the rows of a table against its reference, and finds the best rows.
func (b *builder) compare(tables []Table, i int) error {
	t := &tables[i]
	reference := t.findReference(tables)
	if reference == nil && b.layout.Marks != testedMarks {
		t.markAny(b.layout.Columns)
		return nil
	}
	rows := rowPointers(t.Rows)
	if reference != nil && !slices.Contains(rows, reference) {
		rows = append(rows, reference)
	}
	designs, err := b.designs(t.Compare, rows)
	if err != nil {
		return err
	}
	c := &comparer{Compare: t.Compare, columns: b.found(), designs: designs}
	if reference != nil {
		for r := range t.Rows {
			row := &t.Rows[r]
			for i := range row.Entries {
				if row == reference {
					continue
				}
				if row.Entries[i].Difference, err = c.between(row, reference, i); err != nil {
					return err
				}
			}
		}
	}
	if b.layout.Marks == testedMarks {
		if err := t.leaders(c); err != nil {
			return err
		}
	}
	c.test()
	f := t.family(c)
	t.Compared = f.size()
	t.markDifferences(f)
	if b.layout.Marks == testedMarks {
		t.markTested(f, c.columns)
	} else {
		t.markAny(c.columns)
	}
	return nil
}

// findReference finds the row that a table compares with: of its own, or else of another table.
func (t *Table) findReference(tables []Table) *Row {
	to := clean(t.Compare.To)
	if to == "" {
		return nil
	}
	t.Reference = to
	find := func(t *Table) *Row {
		if i := slices.IndexFunc(t.Rows, func(row Row) bool { return row.Name == to }); i >= 0 {
			return &t.Rows[i]
		}
		return nil
	}
	if row := find(t); row != nil {
		return row
	}
	for i := range tables {
		if row := find(&tables[i]); row != nil {
			return row
		}
	}
	t.NoReference = true
	return nil
}

// designs says what the pairs of each column are.
func (b *builder) designs(c *Compare, rows []*Row) ([]Design, error) {
	designs := make([]Design, len(b.columns))
	units := false
	for i := range designs {
		designs[i].Axes = c.axes(b.layout.Over)
		if c.byUnits() {
			kind, err := unitOf(rows, i)
			if err != nil {
				return nil, err
			}
			if c.unit() == "" || c.unit() == anyUnit || c.unit() == kind {
				designs[i].Unit = kind
			}
		}
		units = units || designs[i].Unit != ""
		if designs[i].Unit == "" && len(designs[i].Axes) == 0 {
			designs[i].Axes = b.layout.Over // a column without outcomes cannot be paired by units
		}
	}
	if c.unit() != "" && !units && len(rows) > 1 {
		return nil, fmt.Errorf("compare.paired: no column has outcomes by %s for all rows, so they can be paired by axes alone", c.unit())
	}
	return designs, nil
}
