package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/digest"
	"foil/internal/report/grid"
	"foil/internal/stats"
)

// A Stat summarises the values of an entry.
type Stat struct {
	Mean float64
	SD   float64 // of the sample (n-1); NaN below two values
	N    int
}

// Summarise returns mean and sample standard deviation. The second pass over the differences keeps
// the digits that the sum of squares would lose.
func Summarise(values []float64) Stat {
	n := len(values)
	if n == 0 {
		return Stat{Mean: math.NaN(), SD: math.NaN()}
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(n)
	if math.IsInf(mean, 0) { // the sum of finite values is too large
		mean = 0
		for _, v := range values {
			mean += v / float64(n)
		}
	}
	if n == 1 {
		return Stat{Mean: mean, SD: math.NaN(), N: 1}
	}
	var squares float64
	for _, v := range values {
		squares += float64((v - mean) * (v - mean)) // the conversion forbids a fused step, which would differ between machines
	}
	return Stat{Mean: mean, SD: math.Sqrt(squares / float64(n-1)), N: n}
}

// An Entry is the statistics of the finite values of one number. Infinite and undefined values enter
// no mean. They are listed with their own count.
//
// Where a report asks for intervals over units, Pooled has them, and Mean is the mean over all units.
type Entry struct {
	Stat
	NotFinite  []float64
	Origins    []Origin
	Pooled     *Pooled
	Difference *Comparison // from the row that the table compares with; nil: there is none
	Gap        *Gap        // nil: the column is no gap between groups
	Best       bool
}

// Pooled is a mean over all users or images of some cells.
type Pooled struct {
	stats.Estimate
	Unit  string
	Level float64
	Cells float64 // the mean over the cells, in which each cell counts the same
}

// count is the number of all values.
func (e Entry) count() int { return e.N + len(e.NotFinite) }

// notFinite groups the infinite and undefined values.
func (e Entry) notFinite() []grid.Odd {
	var list []grid.Odd
	for _, kind := range []struct {
		text string
		is   func(float64) bool
	}{
		{grid.Infinite, func(v float64) bool { return math.IsInf(v, 1) }},
		{grid.NegativeInfinite, func(v float64) bool { return math.IsInf(v, -1) }},
		{grid.Undefined, math.IsNaN},
	} {
		n := 0
		for _, v := range e.NotFinite {
			if kind.is(v) {
				n++
			}
		}
		if n > 0 {
			list = append(list, grid.Odd{Value: kind.text, N: strconv.Itoa(n)})
		}
	}
	return list
}

// An Origin is a value that went into an entry, and the cell that holds it.
type Origin struct {
	Cell  Cell
	Value float64
}

// entry summarises a series over cells. Cells without it are not counted.
func (s *stage) entry(cells []Cell, id series) (Entry, error) {
	var e Entry
	var values []float64
	for _, c := range cells {
		v, ok, err := s.get(c, id)
		if err != nil {
			return e, err
		}
		if ok {
			if finite(v) {
				values = append(values, v)
			} else {
				e.NotFinite = append(e.NotFinite, v)
			}
			e.Origins = append(e.Origins, Origin{Cell: c, Value: v})
		}
	}
	e.Stat = Summarise(values)
	return e, nil
}

// repeats reports whether two of the cells have the same artifact: the axes between them have no
// effect.
func (e Entry) repeats() bool {
	seen := map[digest.Digest]bool{}
	for _, o := range e.Origins {
		if seen[o.Cell.Digest] {
			return true
		}
		seen[o.Cell.Digest] = true
	}
	return false
}

// cells are those that the entry's values are from.
func (e Entry) cells() []Cell {
	cells := make([]Cell, len(e.Origins))
	for i, o := range e.Origins {
		cells[i] = o.Cell
	}
	return cells
}

// candidates are the rows whose entry in column i can be the best: those with finite values alone
// that are not beyond the baselines. seen counts the rows that have a number at all.
//
// A mean that is better than every baseline of its column is no candidate: an attacker below the level
// of guessing has failed, and its failure is not a merit of the model.
func (t *Table) candidates(i int, c Column) (rows []int, seen int) {
	for r, row := range t.Rows {
		e := row.Entries[i]
		if e.N > 0 {
			seen++
		}
		switch {
		case e.N == 0 || len(e.NotFinite) > 0:
		case beyond(e.Mean, c, i, t.Baselines):
			t.Beyond = true
		default:
			rows = append(rows, r)
		}
	}
	return rows, seen
}

// best is the first of the candidates with the best mean.
func (t *Table) best(i int, c Column, candidates []int) int {
	best := candidates[0]
	for _, r := range candidates[1:] {
		if c.isBetter(t.Rows[r].Entries[i].Mean, t.Rows[best].Entries[i].Mean) {
			best = r
		}
	}
	return best
}

// markAny marks the best mean of each column, and others that are equal. A single row is not the best
// of anything.
func (t *Table) markAny(columns []Column) {
	for i, c := range columns {
		t.markBest(i, c)
	}
}

func (t *Table) markBest(i int, c Column) {
	if c.Better == "" {
		return
	}
	candidates, seen := t.candidates(i, c)
	if seen < 2 || len(candidates) == 0 {
		return
	}
	best := t.Rows[t.best(i, c, candidates)].Entries[i].Mean
	for _, r := range candidates {
		e := &t.Rows[r].Entries[i]
		e.Best = e.Mean == best
	}
}

// isBetter compares two numbers of the column.
func (c Column) isBetter(a, b float64) bool {
	if c.Better == "lower" {
		return a < b
	}
	return a > b
}

// beyond reports whether a mean is better than all baselines of its column.
func beyond(mean float64, c Column, i int, baselines []Row) bool {
	found := false
	for _, b := range baselines {
		e := b.Entries[i]
		if e.N == 0 {
			continue
		}
		found = true
		if !c.isBetter(mean, e.Mean) {
			return false
		}
	}
	return found
}

// A standIn is a baseline's values in cells that agree on them. Baselines depend on the data, not
// on the model, so all rows of a table usually have the same one.
type standIn struct {
	rows   []int
	cells  []Cell
	values map[string]float64 // by the axes that are averaged over
}

// baselines makes the rows below the models. Columns whose baselines have the same name share a
// row. Where the rows of a table do not agree on a baseline (on several data sets, for example),
// there is one row for each group that agrees.
func (b *builder) baselines(models []Row, axes []string) ([]Row, error) {
	var rows []Row
	for i, c := range b.layout.Columns {
		for j, baseline := range c.Baselines {
			groups, err := b.standIns(models, i, b.columns[i].baselines[j])
			if err != nil {
				return nil, err
			}
			for _, g := range groups {
				name := baseline.label()
				if len(groups) > 1 {
					name += " (" + distinguish(models, g.rows, axes) + ")"
				}
				e, err := b.columns[i].stage.entry(g.cells, b.columns[i].baselines[j])
				if err != nil {
					return nil, err
				}
				rows = put(rows, clean(name), i, len(b.columns), e)
			}
		}
	}
	return rows, nil
}

// standIns groups the model rows by agreeing values of a baseline. A fold counts once, however
// many models were compared with it.
func (b *builder) standIns(models []Row, column int, id series) ([]*standIn, error) {
	var groups []*standIn
	s := b.columns[column].stage
	for r, model := range models {
		values := map[string]float64{}
		var cells []Cell
		for _, o := range model.Entries[column].Origins {
			v, ok, err := s.get(o.Cell, id)
			if err != nil {
				return nil, err
			}
			if ok {
				values[b.overKey(o.Cell)] = v
				cells = append(cells, o.Cell)
			}
		}
		if len(cells) == 0 {
			continue
		}
		i := slices.IndexFunc(groups, func(g *standIn) bool { return g.agrees(values) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &standIn{values: map[string]float64{}})
		}
		g := groups[i]
		g.rows = append(g.rows, r)
		for _, c := range cells {
			key := b.overKey(c)
			if _, ok := g.values[key]; !ok {
				g.values[key] = values[key]
				g.cells = append(g.cells, c)
			}
		}
	}
	return groups, nil
}

func (g *standIn) agrees(values map[string]float64) bool {
	for key, v := range values {
		if w, ok := g.values[key]; ok && w != v && !(math.IsNaN(w) && math.IsNaN(v)) {
			return false
		}
	}
	return true
}

// overKey identifies a cell among those of one entry.
func (b *builder) overKey(c Cell) string {
	var over []Axis
	for _, name := range b.layout.Over {
		if v, ok := value(c.Axes, name); ok {
			over = append(over, Axis{name, v})
		}
	}
	texts := make([]string, len(over))
	for i, a := range over {
		texts[i] = a.Name + "=" + quoted(a.Value)
	}
	return strings.Join(texts, ",")
}

// distinguish names rows by the axes on which they agree with each other and not with all of the
// remaining rows.
func distinguish(models []Row, rows []int, axes []string) string {
	var named []Axis
	for _, axis := range axes {
		first, ok := value(models[rows[0]].Axes, axis)
		if !ok {
			continue
		}
		differs := func(r int) bool {
			v, ok := value(models[r].Axes, axis)
			return !ok || !v.Equal(first)
		}
		all := false
		for r := range models {
			all = all || differs(r)
		}
		if all && !slices.ContainsFunc(rows, differs) {
			named = append(named, Axis{axis, first})
		}
	}
	if len(named) > 0 {
		return joined(named, ", ")
	}
	if len(rows) > 1 {
		return models[rows[0]].Name + " and others"
	}
	return models[rows[0]].Name
}

// put sets the entry of a column in the row called name, and adds the row if there is none.
func put(rows []Row, name string, column, columns int, e Entry) []Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == name && r.Entries[column].count() == 0 })
	if i < 0 {
		i = len(rows)
		rows = append(rows, Row{Name: name, Entries: make([]Entry, columns)})
	}
	rows[i].Entries[column] = e
	return rows
}
