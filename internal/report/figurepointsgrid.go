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

// chart is the series as it is drawn.
func (s Series) chart() chart.Series {
	drawn := chart.Series{Name: s.Name, Small: s.Small}
	for _, p := range s.Points {
		spot := chart.Spot{X: p.X.chart(s.Bars), Y: p.Y.chart(s.Bars)}
		if s.Labels {
			spot.Label = p.Name
		}
		drawn.Spots = append(drawn.Spots, spot)
	}
	return drawn
}

// chart is a coordinate with its interval, where there is one.
func (s Shown) chart(bars bool) chart.Value {
	v := chart.Value{At: s.at(), Low: math.NaN(), High: math.NaN()}
	if p := s.Pooled; bars && p != nil && p.Reason == "" {
		v.Low, v.High = p.Low, p.High
	}
	return v
}

// manySpots is from how many points on a terminal shows only those that stand out.
const manySpots = 40

// standsOut reports whether a point has a name of its own or is on a front.
func (p Spot) standsOut(s Series) bool { return !s.Small || slices.Contains(p.Front, true) }

// unshown is how many points a terminal does not show.
func (f Figure) unshown() (n int) {
	all := 0
	for _, s := range f.Series {
		all += len(s.Points)
		for _, p := range s.Points {
			if !p.standsOut(s) {
				n++
			}
		}
	}
	if all <= manySpots {
		return 0
	}
	return n
}

// bySpot has a row for each point, with both coordinates. short leaves out points of large series
// that do not stand out.
func (f Figure) bySpot(over []string, short bool) grid.Table {
	short = short && f.unshown() > 0
	oneSeries := len(f.Series) == 1 && !slices.ContainsFunc(f.Series[0].Points, func(p Spot) bool { return p.Name == "" })
	t := grid.Table{Title: f.Title, Labels: []string{"series", "point"}}
	if oneSeries {
		t.Labels = []string{"point"}
	}
	if len(f.Fronts) > 0 {
		t.Labels = append(t.Labels, "front")
	}
	for i, label := range []string{f.X.Label, f.Y.Label} {
		t.Columns = append(t.Columns, grid.Column{Title: label, Arrow: arrows[f.Better[i]]})
	}
	var full [2]int
	var values [2][]float64
	for _, s := range f.Series {
		for _, p := range s.Points {
			for i, c := range []Shown{p.X, p.Y} {
				full[i] = max(full[i], c.count())
				values[i] = append(values[i], c.at())
			}
		}
	}
	formats := [2]format{formatFor(values[0]), formatFor(values[1])}
	for i, s := range f.Series {
		for j, p := range s.Points {
			if short && !p.standsOut(s) {
				continue
			}
			row := grid.Row{Labels: []string{s.Name, p.Name}, Rule: i > 0 && j == 0}
			if oneSeries {
				row.Labels = []string{p.Name}
			}
			if len(f.Fronts) > 0 {
				row.Labels = append(row.Labels, p.frontMark())
			}
			for i, c := range []Shown{p.X, p.Y} {
				row.Numbers = append(row.Numbers, c.number(formats[i], full[i], over))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// frontMark tells on which fronts a point is: yes on the only one, otherwise their numbers.
func (p Spot) frontMark() string {
	var on []string
	for i, is := range p.Front {
		if is {
			on = append(on, strconv.Itoa(i+1))
		}
	}
	if len(p.Front) == 1 && len(on) == 1 {
		return "yes"
	}
	return strings.Join(on, ", ")
}

// number is the text of a coordinate.
func (s Shown) number(f format, full int, over []string) grid.Number {
	if s.Text != "" {
		return grid.Number{State: grid.Present, Mean: s.Text}
	}
	return s.Entry.number(grid.Missing, f, full, over)
}

// pointNotes are the notes about points and fronts.
func (f Figure) pointNotes(r *Figures, add func(format string, args ...any)) {
	if len(f.Series) == 0 {
		return
	}
	for _, text := range f.intervalNotes(r) {
		add("%s", text)
	}
	var without []string
	var lacking []string
	full := f.most()
	incomplete, gone, repeated := false, []string{}, false
	for _, s := range f.Series {
		if !s.Bars {
			without = append(without, s.Name)
		}
		for _, p := range s.Points {
			for i, c := range []Shown{p.X, p.Y} {
				incomplete = incomplete || c.Text == "" && c.count() < full[i]
				repeated = repeated || c.repeats()
				if q := c.Pooled; q != nil && q.N > 1 && q.Reason != "" && !slices.Contains(lacking, q.Reason) {
					lacking = append(lacking, q.Reason)
				}
			}
			if !finite(p.X.at()) || !finite(p.Y.at()) {
				gone = append(gone, p.fullName(s))
			}
		}
	}
	if len(lacking) > 0 {
		add("A number without ± has no interval: %s.", strings.Join(lacking, ", "))
	}
	if len(without) > 0 {
		add("The bars of %s are not drawn.", strings.Join(without, ", "))
	}
	if incomplete {
		add(incompleteNote)
	}
	if repeated {
		add(repeatedNote)
	}
	if len(gone) > 0 {
		add("Not drawn, because a value is not a finite number: %s.", listSome(gone))
	}
	f.beyondNote(add)
	for i := range f.Fronts {
		add("%s", f.frontText(i))
	}
}

// intervalNotes tell what the means are over and what the bars are. Axes of which the same is true
// share a sentence.
func (f Figure) intervalNotes(r *Figures) []string {
	var groups []group
	for i, label := range []string{f.X.Label, f.Y.Label} {
		units, cells := map[string]int{}, 0
		var kinds []string
		for _, s := range f.Series {
			for _, p := range s.Points {
				switch q := [2]Shown{p.X, p.Y}[i].Pooled; {
				case q == nil:
				case !slices.Contains(unitNames, q.Unit):
					cells = max(cells, q.N)
				default:
					if units[q.Unit] == 0 {
						kinds = append(kinds, q.Unit)
					}
					units[q.Unit] = max(units[q.Unit], q.Units)
				}
			}
		}
		for _, unit := range kinds {
			text := fmt.Sprintf("%d %s", units[unit], plural(unit))
			if len(r.Over) > 0 {
				text += ", pooled" + overText(r.Over)
			}
			groups = grouping(groups, text, label)
		}
		switch {
		case cells == 1:
			groups = grouping(groups, oneCell, label)
		case cells > 1:
			groups = grouping(groups, fmt.Sprintf("%s, n = %d", clean(strings.Join(r.Over, ", ")), cells), label)
		}
	}
	switch {
	case len(groups) == 0:
		return nil
	case len(groups) == 1 && groups[0].text == oneCell:
		return []string{"Single values (n = 1), so there are no intervals."}
	}
	var notes []string
	for _, g := range groups {
		text := "mean over " + g.text + "."
		if len(groups) > 1 {
			text = strings.Join(g.titles, ", ") + ": " + text
		} else {
			text = capital(text)
		}
		notes = append(notes, text)
	}
	return append(notes,
		fmt.Sprintf("± is half the %s confidence interval of the mean (t). Bars are the interval.", levelText(r.Level)))
}

// oneCell is what a single value is a mean over.
const oneCell = "one cell"

// beyondNote names points outside of the given ends of y.
func (f Figure) beyondNote(add func(format string, args ...any)) {
	var beyond []string
	for _, s := range f.Series {
		for _, p := range s.Points {
			if v := p.Y.at(); f.Min != nil && v < *f.Min || f.Max != nil && v > *f.Max {
				beyond = append(beyond, p.fullName(s))
			}
		}
	}
	if len(beyond) > 0 {
		add("Beyond the axis: %s.", listSome(beyond))
	}
}

// fullName names a point among those of all series.
func (p Spot) fullName(s Series) string {
	if p.Name == "" {
		return s.Name
	}
	return s.Name + ", " + p.Name
}

func listSome(all []string) string {
	const most = 8
	if len(all) > most {
		all = append(slices.Clone(all[:most]), fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(all, "; ")
}

// frontText tells what front i is. Means alone decide: it says nothing about noise.
func (f Figure) frontText(i int) string {
	front, of, n := f.Fronts[i], "", 0
	if len(front.Of) < len(f.Series) {
		of = " of " + strings.Join(front.Of, "; ")
	}
	for _, s := range f.Series {
		for _, p := range s.Points {
			if p.Front[i] {
				n++
			}
		}
	}
	better := func(i int, label string) string { return label + " (" + f.Better[i] + " is better)" }
	name := front.Name
	if len(f.Fronts) > 1 {
		name = fmt.Sprintf("%s (front %d)", name, i+1)
	}
	points := "points"
	if n == 1 {
		points = "point"
	}
	return fmt.Sprintf("%s: %d %s%s. No other point%s is at least as good in both %s and %s, and better in one. Only means count, not intervals.",
		name, n, points, of, of, better(0, f.X.Label), better(1, f.Y.Label))
}

// most is how many values a coordinate has when none is missing.
func (f Figure) most() (full [2]int) {
	for _, s := range f.Series {
		for _, p := range s.Points {
			for i, c := range []Shown{p.X, p.Y} {
				full[i] = max(full[i], c.count())
			}
		}
	}
	return full
}

// describe defines what a series shows.
func (s Series) describe() string { return "x is " + s.X + "; y is " + s.Y }

// source lists the cells of a series, for each of its metrics.
func (s Series) source(title string, f Figure) []grid.Source {
	var all []grid.Source
	for i, label := range []string{f.X.Label, f.Y.Label} {
		var origins []Origin
		seen := map[string]bool{}
		for _, p := range s.Points {
			for _, o := range []Shown{p.X, p.Y}[i].Origins {
				if id := bracketed(o.Cell.Axes); !seen[id] {
					seen[id] = true
					origins = append(origins, o)
				}
			}
		}
		if len(origins) == 0 {
			continue
		}
		axes := axesOfCells(Entry{Origins: origins}.cells())
		source := grid.Source{Title: title + ", " + label, Axes: cleanAll(axes), Values: []string{label}}
		for _, o := range origins {
			source.Cells = append(source.Cells, grid.SourceCell{Axes: axisTexts(o.Cell.Axes, axes), Values: []string{brief(o.Value)}, Digest: o.Cell.Digest})
		}
		all = append(all, source)
	}
	return all
}

// data has a line for each point of the figure, with x and y.
func (f Figure) data(axes []string) [][]string {
	var all [][]string
	for _, l := range f.Lines {
		for _, p := range l.Points {
			x := []string{shortest(p.X), "", "", "", "", ""}
			if p.On != nil {
				x = p.On.exactInterval()
			}
			all = append(all, slices.Concat([]string{f.Title, l.Name, p.Place}, axisTexts(sharedAxes(p.cells(), axes), axes), []string{l.k(p)},
				x, p.exactInterval(), []string{""}))
		}
	}
	for _, s := range f.Series {
		for _, p := range s.Points {
			var on []string
			for i, front := range f.Fronts {
				if p.Front[i] {
					on = append(on, front.Name)
				}
			}
			all = append(all, slices.Concat([]string{f.Title, s.Name, p.Name}, axisTexts(p.Axes, axes), []string{""},
				p.X.exact(), p.Y.exact(), []string{strings.Join(on, ", ")}))
		}
	}
	return all
}

// exact is the coordinate with all digits.
func (s Shown) exact() []string {
	if s.Text != "" {
		return []string{shortest(s.Value), "", "", "", "", ""}
	}
	return s.exactInterval()
}

// exactInterval is mean, deviation, interval, number of values and those that are not finite.
func (e Entry) exactInterval() []string {
	all := e.exact() // mean, deviation, n, not finite
	low, high, n := "", "", strconv.Itoa(e.N)
	if p := e.Pooled; p != nil && p.Reason == "" {
		low, high = shortest(p.Low), shortest(p.High)
	}
	return []string{all[0], all[1], low, high, n, all[3]}
}
