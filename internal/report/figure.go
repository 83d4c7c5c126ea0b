package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/chart"
)

// Figures are a FiguresLayout filled with numbers: what the renderers show.
type Figures struct {
	Title   string
	Notes   []string
	Over    []string
	Axes    []string // of the stages that lines are from, but for Over
	Figures []Figure
}

// A Figure is a set of lines over k.
type Figure struct {
	Title, X, Y string
	Min, Max    *float64 // ends of the y axis; nil: as the values have it
	Lines       []Line
	Missing     []string // lines of the layout whose cells are not part of this run
	Empty       []string // lines whose cells do not hold their metric
}

// A Line is one metric over its k.
type Line struct {
	Name   string
	Curve  Selector // with Split and Checkpoint as found
	Axes   []Axis   // that its cells share, in the order of Figures.Axes
	Points []Point  // k rises
}

// A Point is the entry of a line at one k.
type Point struct {
	K int
	Entry
}

// chart is the figure as it is drawn: a band is there where there is a deviation.
func (f Figure) chart() *chart.Chart {
	c := &chart.Chart{Title: f.Title, X: f.X, Y: f.Y, Min: f.Min, Max: f.Max}
	for _, l := range f.Lines {
		line := chart.Line{Name: l.Name}
		for _, p := range l.Points {
			line.Points = append(line.Points, chart.Point{X: p.K, Y: p.Mean, Low: p.Mean - p.SD, High: p.Mean + p.SD})
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}

// A Drawing is a figure to be written to files.
type Drawing struct {
	Name string // of its files, without their ending
	*chart.Chart
}

// Drawings are the figures in their order.
func (r *Figures) Drawings() []Drawing {
	var all []Drawing
	for i, f := range r.Figures {
		all = append(all, Drawing{fileName(i, f.Title), f.chart()})
	}
	return all
}

// fileName is made of a figure's place and title, of what every system takes:
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

// spread says whether a line has a band.
func (l Line) spread() bool {
	return slices.ContainsFunc(l.Points, func(p Point) bool { return p.N > 1 && finite(p.Mean) && finite(p.SD) })
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// describe says what exactly a line shows.
func (l Line) describe() string {
	s := l.Curve.series(0).String() + ", from " + clean(l.Curve.From)
	if len(l.Axes) > 0 {
		s += ", where " + joined(l.Axes, ", ")
	}
	return s
}

// term names a line, with its figure where there are several.
func (r *Figures) term(f Figure, l Line) string {
	if len(r.Figures) > 1 {
		return f.Title + ", " + l.Name
	}
	return l.Name
}

// terms say what all lines are.
func (r *Figures) terms() []term {
	var all []term
	for _, f := range r.Figures {
		for _, l := range f.Lines {
			all = append(all, term{r.term(f, l), l.describe()})
		}
	}
	return all
}

// caption says how the lines came about, and what is not to be seen of them.
func (r *Figures) caption(f Figure) []string {
	byK := f.byK(r.Over)
	lines := byK.report.caption(byK.table, "")
	if slices.ContainsFunc(f.Lines, Line.spread) {
		lines = append(lines, "Bands, or bars at points that stand alone, are one standard deviation to either side.")
	}
	for _, l := range f.Lines {
		var gaps, beyond []int
		for _, p := range l.Points {
			switch {
			case !finite(p.Mean):
				gaps = append(gaps, p.K)
			case f.Min != nil && p.Mean < *f.Min, f.Max != nil && p.Mean > *f.Max:
				beyond = append(beyond, p.K)
			}
		}
		if len(gaps) > 0 {
			lines = append(lines, fmt.Sprintf("A gap in %s, where it is not a finite number: %s.", l.Name, listInts(f.X, gaps)))
		}
		if len(beyond) > 0 {
			lines = append(lines, fmt.Sprintf("Beyond the axis in %s: %s.", l.Name, listInts(f.X, beyond)))
		}
	}
	if len(f.Empty) > 0 {
		lines = append(lines, "Without values: "+strings.Join(f.Empty, ", ")+".")
	}
	if len(f.Missing) > 0 {
		lines = append(lines, "Not in this run: "+strings.Join(f.Missing, ", ")+".")
	}
	return lines
}

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
	return cmp.Or(name, "k") + " " + strings.Join(parts, ", ")
}
