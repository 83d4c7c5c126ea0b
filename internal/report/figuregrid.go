package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/chart"
	"foil/internal/report/grid"
)

// Grid is the figures as readers see them.
func (r *Figures) Grid() *grid.Report {
	g := &grid.Report{Title: r.Title, Notes: r.Notes, Terms: grid.Terms{Title: "Lines"}, Data: r.data()}
	for i, f := range r.Figures {
		caption := f.caption(r.Over)
		summary := f.byLine(r.Over)
		summary.Caption = caption
		if f.Y != "" {
			summary.Title += ": " + f.Y
		}
		g.Figures = append(g.Figures, grid.Figure{Title: f.Title, File: fileName(i, f.Title), Chart: f.chart(),
			Caption: caption, Summary: summary, Numbers: f.byK(r.Over)})
		for _, l := range f.Lines {
			title := l.Name
			if len(r.Figures) > 1 {
				title = f.Title + ", " + l.Name
			}
			g.Terms.List = append(g.Terms.List, grid.Term{Title: title, Text: l.describe()})
			g.Sources = append(g.Sources, l.source(title, f.X))
		}
	}
	g.Clean()
	return g
}

// chart is the figure as it is drawn, with a band where there is a deviation.
func (f Figure) chart() *chart.Chart {
	c := &chart.Chart{Title: f.Title, X: f.X, Y: f.Y, Min: f.Min, Max: f.Max}
	for _, l := range f.Lines {
		line := chart.Line{Name: l.Name}
		for _, p := range l.Points {
			drawn := chart.Point{X: p.K, Y: p.Mean, Low: p.Mean - p.SD, High: p.Mean + p.SD}
			if len(p.NotFinite) > 0 {
				drawn.Y = math.NaN() // the mean of the others would be that of other cells
			}
			line.Points = append(line.Points, drawn)
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}

// byK has a row for each k and a column for each line.
func (f Figure) byK(over []string) grid.Table {
	t := grid.Table{Title: f.Title, Labels: []string{f.X}, ByAxes: true}
	for _, l := range f.Lines {
		t.Columns = append(t.Columns, grid.Column{Title: l.Name})
	}
	numbers := f.format()
	for _, k := range f.ks() {
		row := grid.Row{Labels: []string{strconv.Itoa(k)}}
		for _, l := range f.Lines {
			row.Numbers = append(row.Numbers, l.at(k).number(grid.Missing, numbers, l.n(), over))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// byLine has a row for each line, and columns for some of the k: the first, the last and others at
// even distances.
func (f Figure) byLine(over []string) grid.Table {
	const most = 5
	t := grid.Table{Title: f.Title, Labels: []string{""}}
	ks := evenly(f.ks(), most)
	for _, k := range ks {
		t.Columns = append(t.Columns, grid.Column{Title: f.X + " " + strconv.Itoa(k)})
	}
	full := 0 // of all lines, so that a line of fewer cells shows its n
	for _, l := range f.Lines {
		full = max(full, l.n())
	}
	numbers := f.format()
	for _, l := range f.Lines {
		row := grid.Row{Labels: []string{l.Name}}
		for _, k := range ks {
			row.Numbers = append(row.Numbers, l.at(k).number(grid.Missing, numbers, full, over))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// at is the entry at k; without values where the line has none there.
func (l Line) at(k int) Entry {
	if i := slices.IndexFunc(l.Points, func(p Point) bool { return p.K == k }); i >= 0 {
		return l.Points[i].Entry
	}
	return Entry{}
}

// n is the number of values of a point when none is missing.
func (l Line) n() int {
	most := 0
	for _, p := range l.Points {
		most = max(most, p.count())
	}
	return most
}

// ks are all that any line has.
func (f Figure) ks() []int {
	var all []int
	for _, l := range f.Lines {
		for _, p := range l.Points {
			all = append(all, p.K)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// evenly picks at most so many, the first and the last among them.
func evenly(all []int, most int) []int {
	if len(all) <= most {
		return all
	}
	some := make([]int, most)
	for i := range some {
		some[i] = all[(i*(len(all)-1)+(most-1)/2)/(most-1)]
	}
	return some
}

// format writes the means of all lines.
func (f Figure) format() format {
	const many = 6
	if digits := f.digits(); digits <= many {
		return format{digits: digits}
	}
	return format{digits: 3, scientific: true}
}

// digits are those after the decimal point that show three digits of the range of the means. For
// numbers below 1000 they are at least two, because another line may be much flatter.
func (f Figure) digits() int {
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range f.Lines {
		for _, p := range l.Points {
			if finite(p.Mean) {
				low, high = min(low, p.Mean), max(high, p.Mean)
			}
		}
	}
	span, size := high-low, max(math.Abs(low), math.Abs(high))
	if span == 0 {
		span = size
	}
	if !(span > 0) || math.IsInf(span, 0) {
		return 2
	}
	least := 0
	if size < 1000 {
		least = 2
	}
	return max(least, min(2-int(math.Floor(math.Log10(span))), 15))
}

// caption describes how the lines were computed, and what the drawing does not show.
func (f Figure) caption(over []string) []grid.Note {
	var notes []grid.Note
	add := func(format string, args ...any) { notes = append(notes, grid.Note{Text: fmt.Sprintf(format, args...)}) }
	names, n, incomplete := []string{}, []int{}, false
	for _, l := range f.Lines {
		full := l.n()
		names, n = append(names, l.Name), append(n, full)
		incomplete = incomplete || slices.ContainsFunc(l.Points, func(p Point) bool { return p.count() < full })
	}
	if len(f.Lines) > 0 {
		add("%s", spread(names, n, over))
	}
	if incomplete {
		add(incompleteNote)
	}
	if slices.ContainsFunc(f.Lines, Line.banded) {
		add("Bands, or bars at points that stand alone, are one standard deviation to either side.")
	}
	for _, l := range f.Lines {
		var gaps, beyond []int
		for _, p := range l.Points {
			switch {
			case len(p.NotFinite) > 0:
				gaps = append(gaps, p.K)
			case f.Min != nil && p.Mean < *f.Min, f.Max != nil && p.Mean > *f.Max:
				beyond = append(beyond, p.K)
			}
		}
		if len(gaps) > 0 {
			add("A gap in %s, where it is not a finite number: %s.", l.Name, listInts(f.X, gaps))
		}
		if len(beyond) > 0 {
			add("Beyond the axis in %s: %s.", l.Name, listInts(f.X, beyond))
		}
	}
	if len(f.Empty) > 0 {
		add("Without values: %s.", strings.Join(f.Empty, ", "))
	}
	if len(f.Missing) > 0 {
		add("Not in this run: %s.", strings.Join(f.Missing, ", "))
	}
	return notes
}

// banded reports whether a line has a band.
func (l Line) banded() bool {
	return slices.ContainsFunc(l.Points, func(p Point) bool { return p.N > 1 && len(p.NotFinite) == 0 && finite(p.SD) })
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func listInts(name string, all []int) string {
	const most = 8
	var parts []string
	for i, k := range all {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		parts = append(parts, strconv.Itoa(k))
	}
	if name == "" {
		name = "k"
	}
	return name + " " + strings.Join(parts, ", ")
}

// describe defines what a line shows.
func (l Line) describe() string {
	s := l.Curve.series(0).String() + ", from " + clean(l.Curve.From)
	if len(l.Axes) > 0 {
		s += ", where " + joined(l.Axes, ", ")
	}
	return s
}

// source lists the cells of a line, each with its values of k, and its first and last value.
func (l Line) source(title, x string) grid.Source {
	type share struct {
		cell        Cell
		from, to    int // k
		first, last float64
	}
	var shares []*share
	byCell := map[string]*share{} // the axes identify a cell of a stage
	for _, p := range l.Points {
		for _, o := range p.Origins {
			id := bracketed(o.Cell.Axes)
			s := byCell[id]
			if s == nil {
				s = &share{cell: o.Cell, from: p.K, first: o.Value}
				byCell[id] = s
				shares = append(shares, s)
			}
			s.to, s.last = p.K, o.Value
		}
	}
	var cells []Cell
	for _, s := range shares {
		cells = append(cells, s.cell)
	}
	axes := axesOfCells(cells)
	source := grid.Source{Title: title, Axes: cleanAll(axes), Values: []string{x, "first", "last"}}
	for _, s := range shares {
		ks := strconv.Itoa(s.from)
		if s.to != s.from {
			ks = fmt.Sprintf("%d–%d", s.from, s.to)
		}
		source.Cells = append(source.Cells, grid.SourceCell{
			Axes:   axisTexts(s.cell.Axes, axes),
			Values: []string{ks, brief(s.first), brief(s.last)},
			Digest: s.cell.Digest,
		})
	}
	return source
}

// data has one line for each point, also for the points that the drawing cannot show.
func (r *Figures) data() grid.Data {
	d := grid.Data{Head: slices.Concat([]string{"figure", "line"}, r.Axes, []string{"k", "mean", "sd", "n", "not_finite"})}
	for _, f := range r.Figures {
		for _, l := range f.Lines {
			for _, p := range l.Points {
				axes := axisTexts(sharedAxes(p.cells(), r.Axes), r.Axes)
				d.Lines = append(d.Lines, slices.Concat([]string{f.Title, l.Name}, axes, []string{strconv.Itoa(p.K)}, p.exact()))
			}
		}
	}
	return d
}

// fileName is made of a figure's place and title, in characters that every system allows:
// "The attacker's strength" is 1-the-attackers-strength.
func fileName(i int, title string) string {
	const most = 60
	words := strings.FieldsFunc(strings.ToLower(strings.NewReplacer("'", "", "’", "").Replace(title)), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	})
	name := strconv.Itoa(i + 1)
	for _, w := range words {
		if len(name)+1+len(w) > most {
			break
		}
		name += "-" + w
	}
	return name
}
