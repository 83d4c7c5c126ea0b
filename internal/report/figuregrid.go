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
	g := &grid.Report{Title: r.Title, Notes: r.Notes, Terms: grid.Terms{Title: r.termsTitle()}, Data: r.data()}
	for i, f := range r.Figures {
		c := f.chart()
		caption := f.caption(r, c)
		drawn := grid.Figure{Title: f.Title, File: fileName(i, f.Title), Chart: c, Caption: caption}
		drawn.Summary, drawn.Numbers = f.tables(r)
		drawn.Summary.Caption = caption
		if n := f.unshown(); n > 0 {
			drawn.Summary.Caption = append(slices.Clip(caption), grid.Note{Text: fmt.Sprintf("%d more points are on the HTML page and in the CSV file.", n)})
		}
		g.Figures = append(g.Figures, drawn)
		title := func(name string) string {
			if len(r.Figures) > 1 {
				return f.Title + ", " + name
			}
			return name
		}
		for _, l := range f.Lines {
			g.Terms.List = append(g.Terms.List, grid.Term{Title: title(l.Name), Text: l.describe()})
			g.Sources = append(g.Sources, l.source(title(l.Name), f.X.Label))
		}
		for _, s := range f.Series {
			g.Terms.List = append(g.Terms.List, grid.Term{Title: title(s.Name), Text: s.describe()})
			g.Sources = append(g.Sources, s.source(title(s.Name), f)...)
		}
	}
	g.Clean()
	return g
}

// termsTitle is what the report defines: lines, points, or both.
func (r *Figures) termsTitle() string {
	lines := slices.ContainsFunc(r.Figures, func(f Figure) bool { return len(f.Lines) > 0 })
	points := slices.ContainsFunc(r.Figures, func(f Figure) bool { return len(f.Series) > 0 })
	switch {
	case lines && points:
		return "Lines and points"
	case points:
		return "Points"
	}
	return "Lines"
}

// tables are the numbers for a terminal, and all numbers.
func (f Figure) tables(r *Figures) (summary, numbers grid.Table) {
	switch {
	case len(f.Series) > 0:
		return f.bySpot(r.Over, true), f.bySpot(r.Over, false)
	case slices.ContainsFunc(f.Lines, func(l Line) bool { return l.Across != "" }):
		t := f.byPlace(r.Over)
		return t, t
	}
	summary = f.byLine(r.Over)
	if f.Y.Label != "" {
		summary.Title += ": " + f.Y.Label
	}
	return summary, f.byX(r.Over)
}

// chart is the figure as it is drawn.
func (f Figure) chart() *chart.Chart {
	c := &chart.Chart{Title: f.Title, Width: f.Width, X: f.X, Y: f.Y, Min: f.Min, Max: f.Max}
	for _, l := range f.Lines {
		c.Lines = append(c.Lines, l.chart())
	}
	for _, s := range f.Series {
		c.Series = append(c.Series, s.chart())
	}
	for _, front := range f.Fronts {
		c.Fronts = append(c.Fronts, chart.Front{Name: front.Name, Corners: front.Corners})
	}
	return c
}

// caption describes how the numbers were computed, and what the drawing does not show.
func (f Figure) caption(r *Figures, c *chart.Chart) []grid.Note {
	var notes []grid.Note
	add := func(format string, args ...any) { notes = append(notes, grid.Note{Text: fmt.Sprintf(format, args...)}) }
	f.lineNotes(r.Over, add)
	f.pointNotes(r, add)
	notes = append(notes, f.cellNotes()...)
	for _, a := range []struct {
		name string
		chart.Axis
	}{{"horizontal", f.X}, {"vertical", f.Y}} {
		switch a.Scale {
		case chart.Log:
			add("The %s scale is logarithmic.", a.name)
		case chart.SymLog:
			add("The %s scale is linear between −%s and %[2]s (shaded), and logarithmic beyond.", a.name, brief(a.Linear))
		}
	}
	if without := c.Unlabelled(); len(without) > 0 {
		add("Without a label, for lack of room: %s.", strings.Join(cleanAll(without), ", "))
	}
	if len(f.Empty) > 0 {
		add("Without values: %s.", strings.Join(f.Empty, ", "))
	}
	if len(f.Missing) > 0 {
		add("Not in this run: %s.", strings.Join(f.Missing, ", "))
	}
	return notes
}

// data has one line for each point, also for the points that the drawing cannot show. Columns that
// only points need are left out if no figure has any.
func (r *Figures) data() grid.Data {
	if !slices.ContainsFunc(r.Figures, Figure.twoMetrics) {
		return r.lineData()
	}
	both := func(name string) []string {
		return []string{name, name + "_sd", name + "_low", name + "_high", name + "_n", name + "_not_finite"}
	}
	d := grid.Data{Head: slices.Concat([]string{"figure", "series", "point"}, r.Axes, []string{"k"}, both("x"), both("y"), []string{"front"})}
	for _, f := range r.Figures {
		d.Lines = append(d.Lines, f.data(r.Axes)...)
	}
	return d
}

// twoMetrics reports whether points of the figure have a metric on x, or intervals.
func (f Figure) twoMetrics() bool {
	return len(f.Series) > 0 || slices.ContainsFunc(f.Lines, func(l Line) bool { return l.Across != "" })
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

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
