package report

import (
	"errors"
	"fmt"
	"slices"

	"foil/internal/report/chart"
	"foil/spec"
)

// Figures are a FiguresLayout filled with numbers.
type Figures struct {
	Title   string
	Notes   []string
	Over    []string
	Level   float64  // of the intervals of points
	Axes    []string // of the stages that figures are from, but for Over
	Figures []Figure
}

// A Figure is a set of lines, or of series of points.
type Figure struct {
	Title    string
	Width    chart.Width
	X, Y     chart.Axis
	Min, Max *float64 // ends of the y axis; nil: as the values have it
	Lines    []Line
	Series   []Series
	Fronts   []Front
	Better   [2]string // of x and y
	Missing  []string  // lines and points of the layout whose cells are not part of this run
	Empty    []string  // those whose cells do not hold their metric
}

// A figureBuilder fills a layout of figures.
type figureBuilder struct {
	sources
	layout *FiguresLayout
	axes   []string           // Figures.Axes
	lines  [][]lineSource     // by figure and line
	points [][][2]shownSource // by figure and series: x and y
}

// BuildFigures fills the layout with the metrics of the gathered stages, which have the names that
// they have under gather.
func BuildFigures(layout *FiguresLayout, gathered map[string][]Cell) (*Figures, error) {
	b := &figureBuilder{layout: layout, sources: sources{gathered: gathered}}
	if err := b.resolve(); err != nil {
		return nil, err
	}
	if err := errors.Join(b.checkAxes(), b.checkGaps()); err != nil {
		return nil, err
	}
	b.axes = filter(axesOf(b.stages), func(axis string) bool { return !slices.Contains(layout.Over, axis) })
	r := &Figures{Title: clean(layout.Title), Notes: cleanAll(layout.Notes), Over: layout.Over, Level: layout.Level, Axes: b.axes}
	var errs []error
	drawn := false
	for i := range layout.Figures {
		f, err := b.figure(i)
		errs = append(errs, err)
		drawn = drawn || len(f.Lines)+len(f.Series) > 0
		r.Figures = append(r.Figures, f)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !drawn {
		return nil, errors.New("no figure has a line or point whose cells are part of this run and hold its metric; " + describeAxes(b.stages))
	}
	return r, nil
}

// resolve finds the sources of all lines and series. It reports every problem with them at once.
func (b *figureBuilder) resolve() error {
	var errs []error
	b.lines = make([][]lineSource, len(b.layout.Figures))
	b.points = make([][][2]shownSource, len(b.layout.Figures))
	for i := range b.layout.Figures {
		f := &b.layout.Figures[i]
		for j := range f.Lines {
			from, err := b.lineSource(f, &f.Lines[j])
			b.lines[i] = append(b.lines[i], from)
			errs = append(errs, under(at("figures", i)+at(".lines", j), f.Lines[j].Name, err))
		}
		for j := range f.Points {
			from, err := b.pointSource(f, &f.Points[j])
			b.points[i] = append(b.points[i], from)
			errs = append(errs, under(at("figures", i)+at(".points", j), f.Points[j].Name, err))
		}
	}
	return errors.Join(errs...)
}

// under names the part of a layout that has an error.
func under(path, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s (%s): %w", path, clean(name), err)
}

func (b *figureBuilder) checkAxes() error {
	var errs []error
	for i, axis := range b.layout.Over {
		errs = append(errs, checkAxis(b.stages, at("over", i), axis))
	}
	return errors.Join(errs...)
}

// figure fills one figure.
func (b *figureBuilder) figure(i int) (Figure, error) {
	l := &b.layout.Figures[i]
	f := Figure{Title: clean(l.Title), Min: l.Min, Max: l.Max, Better: [2]string{l.X.Better, l.Y.Better}}
	if l.Width == columnWidth {
		f.Width = chart.Column
	}
	var errs []error
	for j := range l.Lines {
		errs = append(errs, under(at("figures", i)+at(".lines", j), l.Lines[j].Name, b.line(&f, l, i, j)))
	}
	for j := range l.Points {
		errs = append(errs, under(at("figures", i)+at(".points", j), l.Points[j].Name, b.series(&f, l, i, j)))
	}
	x, y := f.values()
	f.X, f.Y = l.X.drawn(x), l.Y.drawn(y)
	f.X.Discrete = f.X.Discrete || len(l.Lines) > 0 && l.X.Metric == ""
	if err := errors.Join(errs...); err != nil {
		return f, err
	}
	f.Fronts = fronts(l, f.Series)
	return f, under(at("figures", i), l.Title, f.checkScales(l))
}

// values are all that the figure shows on x and y, but for those that are not finite.
func (f *Figure) values() (x, y []float64) {
	add := func(across float64, e Entry) {
		if finite(across) {
			x = append(x, across)
		}
		if e.N > 0 && len(e.NotFinite) == 0 {
			y = append(y, e.Mean)
		}
	}
	for _, l := range f.Lines {
		for _, p := range l.Points {
			add(p.X, p.Entry)
		}
	}
	for _, s := range f.Series {
		for _, p := range s.Points {
			add(p.X.at(), Entry{})
			if v := p.Y.at(); finite(v) {
				y = append(y, v)
			}
		}
	}
	return x, y
}

// numberOf is the value of an axis as a number.
func numberOf(axis string, v spec.Value) (float64, error) {
	if !isNumber(v) {
		return 0, fmt.Errorf("the values of axis %s are not numbers: one is %s", clean(axis), clean(quoted(v)))
	}
	return number(v), nil
}
