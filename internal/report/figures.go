package report

import (
	"errors"
	"fmt"
	"slices"
)

// Figures are a FiguresLayout filled with numbers.
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

// A figureBuilder fills a layout of figures.
type figureBuilder struct {
	sources
	layout *FiguresLayout
	lines  [][]lineSource // by figure and line
}

// A lineSource is where a line is from.
type lineSource struct {
	stage *stage
	curve curve
}

// BuildFigures fills the layout with the metrics of the gathered stages, which have the names that
// they have under gather.
func BuildFigures(layout *FiguresLayout, gathered map[string][]Cell) (*Figures, error) {
	b := &figureBuilder{layout: layout, sources: sources{gathered: gathered}}
	if err := b.eachLine(b.resolve); err != nil {
		return nil, err
	}
	if err := b.checkAxes(); err != nil {
		return nil, err
	}
	r := &Figures{Title: clean(layout.Title), Notes: cleanAll(layout.Notes), Over: layout.Over}
	r.Axes = filter(axesOf(b.stages), func(axis string) bool { return !slices.Contains(layout.Over, axis) })
	for _, f := range layout.Figures {
		r.Figures = append(r.Figures, Figure{Title: clean(f.Title), X: clean(f.X), Y: clean(f.Y), Min: f.Min, Max: f.Max})
	}
	if err := b.eachLine(func(i, j int, l *LineLayout) error { return b.fill(r, i, j, l) }); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(r.Figures, func(f Figure) bool { return len(f.Lines) > 0 }) {
		return nil, errors.New("no figure has a line whose cells are part of this run and hold its metric; " + describeAxes(b.stages))
	}
	return r, nil
}

// eachLine visits all lines, so that every problem with them is reported at once.
func (b *figureBuilder) eachLine(visit func(i, j int, l *LineLayout) error) error {
	var errs []error
	for i := range b.layout.Figures {
		f := &b.layout.Figures[i]
		for j := range f.Lines {
			if err := visit(i, j, &f.Lines[j]); err != nil {
				errs = append(errs, fmt.Errorf("%s%s (%s): %w", at("figures", i), at(".lines", j), clean(f.Lines[j].Name), err))
			}
		}
	}
	return errors.Join(errs...)
}

// resolve finds the stage and the curve of a line.
func (b *figureBuilder) resolve(i, _ int, l *LineLayout) error {
	s, err := b.stage(l.From)
	if err != nil {
		return err
	}
	c, err := s.findCurve(l.Selector)
	if err != nil {
		return err
	}
	if err := checkPoint([]*stage{s}, "where", l.Where); err != nil {
		return err
	}
	for len(b.lines) <= i {
		b.lines = append(b.lines, nil)
	}
	b.lines[i] = append(b.lines[i], lineSource{s, c})
	return nil
}

func (b *figureBuilder) checkAxes() error {
	var errs []error
	for i, axis := range b.layout.Over {
		errs = append(errs, checkAxis(b.stages, at("over", i), axis))
	}
	return errors.Join(errs...)
}

// fill puts a line into its figure, or notes there why it is absent.
func (b *figureBuilder) fill(r *Figures, i, j int, l *LineLayout) error {
	from, f := b.lines[i][j], &r.Figures[i]
	where := sortedAxes(l.Where)
	cells := from.stage.pick(where)
	if len(cells) == 0 {
		f.Missing = append(f.Missing, missingName(l.Name, where))
		return nil
	}
	line := Line{Name: clean(l.Name), Curve: l.Selector}
	line.Curve.Split, line.Curve.Checkpoint = from.curve.id.Split, from.curve.id.Checkpoint
	var all []Cell
	for _, k := range from.curve.ks {
		id := from.curve.id
		id.K = k
		e, err := from.stage.entry(cells, id)
		if err != nil {
			return err
		}
		if e.count() == 0 {
			continue
		}
		at := e.cells()
		// Cells with other k may differ: where the steps of an attack are an axis, each of their
		// values has a point of its own.
		if err := from.stage.checkMeanable(at, where, b.layout.Over, "fix it in where, or name it in over"); err != nil {
			return fmt.Errorf("at k = %d %w", k, err)
		}
		line.Points = append(line.Points, Point{k, e})
		all = append(all, at...)
	}
	if len(line.Points) == 0 {
		f.Empty = append(f.Empty, missingName(l.Name, where))
		return nil
	}
	line.Axes = sharedAxes(all, r.Axes)
	f.Lines = append(f.Lines, line)
	return nil
}
