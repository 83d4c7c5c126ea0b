package report

import (
	"errors"
	"fmt"
	"slices"

	"foil/internal/digest"
	"foil/spec"
)

// Tables are a Layout filled with numbers.
type Tables struct {
	Title    string
	Notes    []string
	Over     []string
	Interval string   // of the layout
	Columns  []Column // with K, Split and Checkpoint as found
	Axes     []string // that tell rows apart, in any table
	Tables   []Table
	Origins  []OriginTable
	Expected []Expected
}

// A Table is a list of rows with an entry in each of the report's columns.
type Table struct {
	Title     string
	Grid      []string // the axes whose combinations are the rows; nil: rows have names
	Rows      []Row
	Baselines []Row
	N         []int    // by column: how many values an entry has when nothing is missing
	Missing   []string // rows of the layout whose cells are not part of this run
	Beyond    bool     // some number is better than all baselines of its column, and so not marked

	Compare     *Compare
	Reference   string   // the row that the others are compared with; empty: there is none
	NoReference bool     // its cells are not part of this run
	Why         []string // by column: why no difference from the reference can be marked
	Leaders     []Leader // by column; nil: the marks are not tested
	Compared    int      // comparisons that are corrected together

	Selections []Selection // of the rows whose cells a rule chose
}

// A Row is a model (or a baseline) under some name.
type Row struct {
	Name    string
	Axes    []Axis // in the order of Tables.Axes; none for baselines
	Entries []Entry

	from []columnSource // by entry; nil for baselines
}

// An OriginTable lists the cells of a gathered stage with their values, so that every number can be
// followed to an artifact.
type OriginTable struct {
	From    string
	Axes    []string
	Columns []Column
	Cells   []OriginCell
}

// An OriginCell is one row of an OriginTable.
type OriginCell struct {
	Axes   []Axis     // in the order of OriginTable.Axes
	Values []*float64 // by OriginTable.Columns; nil: not in the cell
	Digest digest.Digest
}

// A builder fills a layout. It resolves all columns first, so that it reports every problem with
// them at once.
type builder struct {
	sources
	layout  *Layout
	columns []columnSource
	rows    map[string][]columnSource // by RowLayout.From, where a row has its own
}

// A columnSource is where the numbers of a column are from.
type columnSource struct {
	stage     *stage
	series    series
	baselines []series // by Column.Baselines
}

// BuildTables fills the layout with the metrics of the gathered stages, which have the names that
// they have under gather.
func BuildTables(layout *Layout, gathered map[string][]Cell) (*Tables, error) {
	b := &builder{layout: layout, sources: sources{gathered: gathered}}
	if err := b.resolve(); err != nil {
		return nil, err
	}
	if err := errors.Join(b.checkAxes(), b.checkGaps()); err != nil {
		return nil, err
	}
	r := &Tables{Title: clean(layout.Title), Notes: cleanAll(layout.Notes), Over: layout.Over, Interval: layout.Interval,
		Columns: b.found(), Axes: b.rowAxes()}
	var errs []error
	rows := 0
	for i := range layout.Tables {
		t, err := b.table(&layout.Tables[i], r.Axes)
		if err != nil {
			errs = append(errs, fmt.Errorf("tables[%d] (%s): %w", i, clean(layout.Tables[i].Title), err))
			continue
		}
		rows += len(t.Rows) + len(t.Selections)
		r.Tables = append(r.Tables, t)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, errors.New("no table has a row whose cells are part of this run; " + describeAxes(b.stages))
	}
	if err := b.compareAll(r.Tables); err != nil {
		return nil, err
	}
	var err error
	if r.Expected, err = b.judge(r); err != nil {
		return nil, err
	}
	r.Origins, err = b.origins()
	return r, err
}

// resolve finds the stage and the series of every column.
func (b *builder) resolve() error {
	columns, err := b.columnsOf("")
	if err != nil {
		return err
	}
	b.columns = columns
	var errs []error
	for i, t := range b.layout.Tables {
		for j, row := range t.Rows {
			if row.From == "" || b.rows[row.From] != nil {
				continue
			}
			columns, err := b.columnsOf(row.From)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s%s (%s): %w", at("tables", i), at(".rows", j), clean(row.Name), err))
				continue
			}
			if b.rows == nil {
				b.rows = map[string][]columnSource{}
			}
			b.rows[row.From] = columns
		}
	}
	return errors.Join(errs...)
}

// columnsOf finds the sources of all columns. Unless from is empty, it replaces the stage of each
// column, whose k, split and checkpoint are those that the column itself has found: a row must not
// show another metric than its column's heading.
func (b *builder) columnsOf(from string) ([]columnSource, error) {
	var columns []columnSource
	var errs []error
	for i, c := range b.layout.Columns {
		fail := func(err error) {
			errs = append(errs, fmt.Errorf("columns[%d] (%s): %w", i, clean(c.Title), err))
		}
		if from != "" {
			id := b.columns[i].series
			c.From, c.K, c.Split, c.Checkpoint = from, id.K, id.Split, id.Checkpoint
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
		s.need(id)
		source := columnSource{stage: s, series: id}
		for _, baseline := range c.Baselines {
			bid, err := s.findBaseline(baseline, id)
			if err != nil {
				fail(err)
				continue
			}
			source.baselines = append(source.baselines, bid)
		}
		columns = append(columns, source)
	}
	return columns, errors.Join(errs...)
}

// own are the stages of the columns, without those that only rows name.
func (b *builder) own() []*stage { return stagesOf(b.columns) }

// stagesOf are the stages behind columns.
func stagesOf(columns []columnSource) []*stage {
	var stages []*stage
	for _, c := range columns {
		if !slices.Contains(stages, c.stage) {
			stages = append(stages, c.stage)
		}
	}
	return stages
}

// columnsOfRow are the sources of the columns in a row.
func (b *builder) columnsOfRow(row RowLayout) []columnSource {
	if row.From == "" {
		return b.columns
	}
	return b.rows[row.From]
}

// found are the columns of the layout with the k, split and checkpoint that they show.
func (b *builder) found() []Column {
	columns := slices.Clone(b.layout.Columns)
	for i := range columns {
		c, id := &columns[i], b.columns[i].series
		c.Title = clean(c.Title)
		c.K, c.Split, c.Checkpoint = id.K, id.Split, id.Checkpoint
	}
	return columns
}

// checkAxes reports axes in over, grid and where that no stage has, and values that an axis can
// never have.
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
			stages := b.stages
			if row.From != "" {
				stages = []*stage{b.rows[row.From][0].stage}
			}
			errs = append(errs, checkPoint(stages, at("tables", i)+at(".rows", j)+".where", row.Where))
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

// table fills one table: its rows, and the baselines under them.
func (b *builder) table(layout *TableLayout, axes []string) (Table, error) {
	t := Table{Title: clean(layout.Title), Grid: layout.Grid}
	rows, err := b.rowLayouts(layout)
	if err != nil {
		return t, err
	}
	for _, rl := range rows {
		where := sortedAxes(rl.Where)
		columns := b.columnsOfRow(rl)
		stages := stagesOf(columns)
		if !present(stages, where) {
			if len(layout.Grid) == 0 {
				t.Missing = append(t.Missing, missingName(rl.Name, where))
			}
			continue
		}
		points := [][]Axis{where}
		if rl.Select != nil {
			var s Selection
			if s, points, err = b.choose(layout, rl); err != nil {
				return t, fmt.Errorf("row %s: %w", clean(rl.Name), err)
			}
			t.Selections = append(t.Selections, s)
			if len(points) == 0 {
				continue
			}
		}
		row, err := b.row(rl.Name, columns, points, axes)
		if err != nil {
			return t, fmt.Errorf("row %s: %w", clean(rl.Name), err)
		}
		t.Rows = append(t.Rows, row)
	}
	if t.Baselines, err = b.baselines(t.Rows, axes); err != nil {
		return t, err
	}
	t.count(len(b.columns))
	return t, nil
}

// count notes how many values the entries of each column have.
func (t *Table) count(columns int) {
	t.N = make([]int, columns)
	for i := range t.N {
		for _, row := range t.Rows {
			t.N[i] = max(t.N[i], row.Entries[i].count())
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
		values[i] = axisValues(b.own(), axis)
	}
	var rows []RowLayout
	for _, point := range combinations(layout.Grid, values) {
		where := map[string]spec.Value{}
		for _, a := range point {
			where[a.Name] = a.Value
		}
		rows = append(rows, RowLayout{Name: rowName(point), Where: where})
	}
	return rows, nil
}

// combinations is the product of the values, the last axis running fastest.
func combinations(names []string, values [][]spec.Value) [][]Axis {
	points := [][]Axis{nil}
	for i, name := range names {
		var next [][]Axis
		for _, p := range points {
			for _, v := range values[i] {
				next = append(next, append(slices.Clone(p), Axis{name, v}))
			}
		}
		points = next
	}
	return points
}

// present reports whether a row is part of this run: whether the stages that share most axes with
// it have cells for it. The other stages, which have fewer axes, have cells also for rows without a
// model.
func present(stages []*stage, where []Axis) bool {
	most := 0
	for _, s := range stages {
		most = max(most, s.shared(where))
	}
	return slices.ContainsFunc(stages, func(s *stage) bool {
		return s.shared(where) == most && len(s.pick(where)) > 0
	})
}

// row fills a row with the cells at some points: one, or those that a rule chose.
func (b *builder) row(name string, columns []columnSource, points [][]Axis, axes []string) (Row, error) {
	row := Row{Name: clean(name), from: columns}
	var all []Cell
	for _, from := range columns {
		cells, err := from.stage.pickAll(points, b.layout.Over)
		if err != nil {
			return row, err
		}
		e, err := from.stage.entry(cells, from.series)
		if err != nil {
			return row, err
		}
		row.Entries = append(row.Entries, e)
		all = append(all, cells...)
	}
	for _, axis := range axes {
		v, ok := valueAt(points, axis)
		if !ok {
			v, ok = common(all, axis)
		}
		if ok {
			row.Axes = append(row.Axes, Axis{axis, v})
		}
	}
	return row, nil
}

// origins lists all cells of the stages that the columns use.
func (b *builder) origins() ([]OriginTable, error) {
	var all []OriginTable
	columns := b.found()
	for _, s := range b.stages {
		t := OriginTable{From: clean(s.name), Axes: s.axes}
		var ids []series
		add := func(sources []columnSource, once bool) {
			for i, from := range sources {
				if from.stage == s && !(once && slices.Contains(ids, from.series)) {
					t.Columns = append(t.Columns, columns[i])
					ids = append(ids, from.series)
				}
			}
		}
		add(b.columns, false)
		for _, from := range sortedNames(b.rows) {
			add(b.rows[from], true)
		}
		for _, c := range s.cells {
			row := OriginCell{Digest: c.Digest, Axes: slices.Clone(c.Axes)}
			for _, id := range ids {
				v, ok, err := s.get(c, id)
				if err != nil {
					return nil, err
				}
				if ok {
					row.Values = append(row.Values, &v)
				} else {
					row.Values = append(row.Values, nil)
				}
			}
			t.Cells = append(t.Cells, row)
		}
		all = append(all, t)
	}
	return all, nil
}

func missingName(name string, where []Axis) string {
	if len(where) == 0 {
		return clean(name)
	}
	return clean(name) + " " + bracketed(where)
}

func at(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }
