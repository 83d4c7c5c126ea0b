package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/chart"
	"foil/internal/report/grid"
)

// A place is where lines have points.
type place struct {
	x    float64
	text string
}

// places are all that any line has, in the order of x.
func (f Figure) places() []place {
	var all []place
	for _, l := range f.Lines {
		for _, p := range l.Points {
			all = append(all, place{p.X, p.Place})
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(a.x, b.x) })
	return slices.CompactFunc(all, func(a, b place) bool { return a.x == b.x })
}

// byX has a row for each place and a column for each line.
func (f Figure) byX(over []string) grid.Table {
	t := grid.Table{Title: f.Title, Labels: []string{f.X.Label}, ByAxes: true}
	for _, l := range f.Lines {
		t.Columns = append(t.Columns, grid.Column{Title: l.Name})
	}
	numbers := formatFor(f.means())
	for _, at := range f.places() {
		row := grid.Row{Labels: []string{at.text}}
		for _, l := range f.Lines {
			row.Numbers = append(row.Numbers, l.at(at.x).number(grid.Missing, numbers, l.n(), over))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// byLine has a row for each line, and columns for some of the places: the first, the last and others
// at even distances.
func (f Figure) byLine(over []string) grid.Table {
	const most = 4 // fit side by side on a terminal
	t := grid.Table{Title: f.Title, Labels: []string{""}}
	places := evenly(f.places(), most)
	for _, at := range places {
		t.Columns = append(t.Columns, grid.Column{Title: f.X.Label + " " + at.text})
	}
	full := 0 // of all lines, so that a line of fewer cells shows its n
	for _, l := range f.Lines {
		full = max(full, l.n())
	}
	numbers := formatFor(f.means())
	for _, l := range f.Lines {
		row := grid.Row{Labels: []string{l.Name}}
		for _, at := range places {
			row.Numbers = append(row.Numbers, l.at(at.x).number(grid.Missing, numbers, full, over))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// byPlace has a row for each point of lines whose x is a metric, with both metrics.
func (f Figure) byPlace(over []string) grid.Table {
	t := grid.Table{Title: f.Title, Labels: []string{"line", "at"}, Columns: []grid.Column{{Title: f.X.Label}, {Title: f.Y.Label}}}
	var across []float64
	full := [2]int{}
	for _, l := range f.Lines {
		full[1] = max(full[1], l.n())
		for _, p := range l.Points {
			across = append(across, p.On.Mean)
			full[0] = max(full[0], p.On.count())
		}
	}
	x, y := formatFor(across), formatFor(f.means())
	for i, l := range f.Lines {
		for j, p := range l.Points {
			t.Rows = append(t.Rows, grid.Row{Labels: []string{l.Name, l.follows() + " " + p.Place}, Rule: i > 0 && j == 0,
				Numbers: []grid.Number{p.On.number(grid.Missing, x, full[0], over), p.number(grid.Missing, y, full[1], over)}})
		}
	}
	return t
}

// follows names what the points of a line follow.
func (l Line) follows() string {
	if l.Along == "" {
		return "k"
	}
	return clean(l.Along)
}

// means are those of all points of lines.
func (f Figure) means() []float64 {
	var all []float64
	for _, l := range f.Lines {
		for _, p := range l.Points {
			all = append(all, p.Mean)
		}
	}
	return all
}

// at is the entry at a place; without values where the line has none there.
func (l Line) at(x float64) Entry {
	if i := slices.IndexFunc(l.Points, func(p Point) bool { return p.X == x }); i >= 0 {
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

// evenly picks at most so many, the first and the last among them.
func evenly[T any](all []T, most int) []T {
	if len(all) <= most {
		return all
	}
	some := make([]T, most)
	for i := range some {
		some[i] = all[(i*(len(all)-1)+(most-1)/2)/(most-1)]
	}
	return some
}

// formatFor writes numbers so that they can be told apart.
func formatFor(all []float64) format {
	const many = 6
	if digits := digitsFor(all); digits <= many {
		return format{digits: digits}
	}
	return format{digits: 3, scientific: true}
}

// digitsFor are those after the decimal point that show three digits of the range of some numbers.
// For numbers below 1000 they are at least two, because another line may be much flatter.
func digitsFor(all []float64) int {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range all {
		if finite(v) {
			low, high = min(low, v), max(high, v)
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

// lineNotes are the notes about lines.
func (f Figure) lineNotes(over []string, add func(format string, args ...any)) {
	if len(f.Lines) == 0 {
		return
	}
	names, n, incomplete := []string{}, []int{}, false
	for _, l := range f.Lines {
		full := l.n()
		names, n = append(names, l.Name), append(n, full)
		incomplete = incomplete || slices.ContainsFunc(l.Points, func(p Point) bool { return p.count() < full })
	}
	add("%s", spread(names, n, over))
	if incomplete {
		add(incompleteNote)
	}
	if slices.ContainsFunc(f.Lines, Line.banded) {
		add("Bands, or bars at points that stand alone, are one standard deviation to either side.")
	}
	for _, l := range f.Lines {
		var gaps, beyond []string
		for _, p := range l.Points {
			switch {
			case !finite(p.X), len(p.NotFinite) > 0:
				gaps = append(gaps, p.Place)
			case f.Min != nil && p.Mean < *f.Min, f.Max != nil && p.Mean > *f.Max:
				beyond = append(beyond, p.Place)
			}
		}
		name := f.X.Label
		if l.Across != "" {
			name = l.follows()
		}
		if len(gaps) > 0 {
			add("A gap in %s, where it is not a finite number: %s.", l.Name, listPlaces(name, gaps))
		}
		if len(beyond) > 0 {
			add("Beyond the axis in %s: %s.", l.Name, listPlaces(name, beyond))
		}
	}
}

// chart is the line as it is drawn, with a band where there is a deviation.
func (l Line) chart() chart.Line {
	line := chart.Line{Name: l.Name}
	for _, p := range l.Points {
		drawn := chart.Point{X: p.X, Y: p.Mean, Low: p.Mean - p.SD, High: p.Mean + p.SD}
		if len(p.NotFinite) > 0 {
			drawn.Y = math.NaN() // the mean of the others would be that of other cells
		}
		if l.Across != "" {
			drawn.Low, drawn.High = math.NaN(), math.NaN() // x need not rise, so a band would cross itself
		}
		line.Points = append(line.Points, drawn)
	}
	return line
}

// banded reports whether a line has a band.
func (l Line) banded() bool {
	return l.Across == "" && slices.ContainsFunc(l.Points, func(p Point) bool { return p.N > 1 && len(p.NotFinite) == 0 && finite(p.SD) })
}

func listPlaces(name string, all []string) string {
	const most = 8
	some := all
	if len(all) > most {
		some = append(slices.Clone(all[:most]), fmt.Sprintf("and %d more", len(all)-most))
	}
	if name == "" {
		name = "k"
	}
	return name + " " + strings.Join(some, ", ")
}

// describe defines what a line shows.
func (l Line) describe() string {
	s := l.Curve.String() + ", from " + l.From
	if l.Across != "" {
		s += ", over " + l.Across
	}
	if l.Along != "" {
		s += ", along " + l.follows()
	}
	if len(l.Axes) > 0 {
		s += ", where " + joined(l.Axes, ", ")
	}
	return s
}

// source lists the cells of a line, each with its first and last place, and its values there.
func (l Line) source(title, x string) grid.Source {
	type share struct {
		cell        Cell
		from, to    string
		first, last float64
	}
	var shares []*share
	byCell := map[string]*share{} // the axes identify a cell of a stage
	for _, p := range l.Points {
		for _, o := range p.Origins {
			id := bracketed(o.Cell.Axes)
			s := byCell[id]
			if s == nil {
				s = &share{cell: o.Cell, from: p.Place, first: o.Value}
				byCell[id] = s
				shares = append(shares, s)
			}
			s.to, s.last = p.Place, o.Value
		}
	}
	if l.Across != "" {
		x = l.follows()
	}
	var cells []Cell
	for _, s := range shares {
		cells = append(cells, s.cell)
	}
	axes := axesOfCells(cells)
	source := grid.Source{Title: title, Axes: cleanAll(axes), Values: []string{x, "first", "last"}}
	for _, s := range shares {
		places := s.from
		if s.to != s.from {
			places += "–" + s.to
		}
		source.Cells = append(source.Cells, grid.SourceCell{
			Axes:   axisTexts(s.cell.Axes, axes),
			Values: []string{places, brief(s.first), brief(s.last)},
			Digest: s.cell.Digest,
		})
	}
	return source
}

// lineData has one line for each point of a report whose figures have no other metric on x.
func (r *Figures) lineData() grid.Data {
	d := grid.Data{Head: slices.Concat([]string{"figure", "line"}, r.Axes, []string{"k", "mean", "sd", "n", "not_finite"})}
	for _, f := range r.Figures {
		for _, l := range f.Lines {
			for _, p := range l.Points {
				d.Lines = append(d.Lines, slices.Concat([]string{f.Title, l.Name}, axisTexts(sharedAxes(p.cells(), r.Axes), r.Axes), []string{l.k(p)}, p.exact()))
			}
		}
	}
	return d
}

// k is the k of a point; empty on a line along an axis.
func (l Line) k(p Point) string {
	switch {
	case l.Along == "":
		return p.Place
	case l.Curve.K != 0:
		return strconv.Itoa(l.Curve.K)
	}
	return ""
}
