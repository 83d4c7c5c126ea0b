package report

import (
	"errors"
	"fmt"
	"maps"
	"math"

	"foil/internal/digest"
	"foil/internal/stats"
	"foil/spec"
)

// A Series is a set of points with the same name, colour and shape.
type Series struct {
	Name   string
	X, Y   string // what it shows
	Labels bool   // points have names of their own
	Small  bool
	Bars   bool
	Points []Spot
}

// A Spot is a point of a series.
type Spot struct {
	Name  string // empty if the series is one point
	Axes  []Axis // that its cells share, in the order of Figures.Axes
	X, Y  Shown
	Front []bool // by Figure.Fronts: whether it is on them
}

// Shown is what a spot shows on one axis.
type Shown struct {
	Value float64 // of an axis of the cells
	Text  string  // empty: it is a metric
	Entry
}

// at is where the spot is drawn; NaN for nowhere.
func (s Shown) at() float64 {
	switch {
	case s.Text != "":
		return s.Value
	case s.N == 0 || len(s.NotFinite) > 0: // the mean of the others would be that of other cells
		return math.NaN()
	}
	return s.Mean
}

// A shownSource is where one coordinate of a series is from: a metric of a stage, or an axis.
type shownSource struct {
	stage *stage
	id    series
	axis  string
}

func (s shownSource) describe() string {
	if s.axis != "" {
		return "axis " + clean(s.axis)
	}
	return s.id.String() + ", from " + clean(s.stage.name)
}

// stagesBehind are the stages behind both coordinates.
func stagesBehind(from [2]shownSource) []*stage {
	var all []*stage
	for _, s := range from {
		if s.stage != nil {
			all = append(all, s.stage)
		}
	}
	return all
}

// pointSource finds what a series shows on x and y.
func (b *figureBuilder) pointSource(f *FigureLayout, p *PointsLayout) (from [2]shownSource, err error) {
	var errs []error
	for i, a := range []struct {
		name   string
		layout AxisLayout
		own    MetricChoice
	}{{"x", f.X, p.X}, {"y", f.Y, p.Y}} {
		from[i], err = b.shownSource(a.layout, a.own)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return from, err
	}
	stages := stagesBehind(from)
	for i, axis := range p.Grid {
		errs = append(errs, checkAxis(stages, at("grid", i), axis))
	}
	for _, s := range from {
		if s.axis != "" {
			errs = append(errs, checkAxis(stages, "axis", s.axis))
		}
	}
	errs = append(errs, checkPoint(stages, "where", p.Where))
	for i, row := range p.Rows {
		errs = append(errs, checkPoint(stages, at("rows", i)+".where", row.Where))
	}
	return from, errors.Join(errs...)
}

func (b *figureBuilder) shownSource(a AxisLayout, own MetricChoice) (shownSource, error) {
	if a.Axis != "" {
		return shownSource{axis: a.Axis}, nil
	}
	c := a.with(own)
	s, err := b.stage(c.From)
	if err != nil {
		return shownSource{}, err
	}
	id, err := s.find(c.selector(), c.K)
	if err == nil {
		s.need(id)
	}
	return shownSource{stage: s, id: id}, err
}

// spotLayouts are the points of a series: its rows, or those of its grid, or one.
func (p *PointsLayout) spotLayouts(stages []*stage) []PointLayout {
	if len(p.Grid) == 0 && len(p.Rows) == 0 {
		return []PointLayout{{Where: p.Where}}
	}
	var all []PointLayout
	for _, row := range p.Rows {
		all = append(all, PointLayout{row.Name, merged(p.Where, row.Where)})
	}
	if len(p.Grid) == 0 {
		return all
	}
	values := make([][]spec.Value, len(p.Grid))
	for i, axis := range p.Grid {
		values[i] = axisValues(stages, axis)
	}
	for _, point := range combinations(p.Grid, values) {
		where := map[string]spec.Value{}
		for _, a := range point {
			where[a.Name] = a.Value
		}
		all = append(all, PointLayout{joined(point, ", "), merged(p.Where, where)})
	}
	return all
}

func merged(a, b map[string]spec.Value) map[string]spec.Value {
	all := maps.Clone(b)
	if all == nil {
		all = map[string]spec.Value{}
	}
	maps.Copy(all, a)
	return all
}

// series puts a series into its figure, or notes there which points are absent.
func (b *figureBuilder) series(f *Figure, layout *FigureLayout, i, j int) error {
	l, from := &layout.Points[j], b.points[i][j]
	s := Series{Name: clean(l.Name), X: from[0].describe(), Y: from[1].describe(), Labels: len(l.Rows) > 0, Small: len(l.Grid) > 0, Bars: l.Bars}
	stages := stagesBehind(from)
	for _, layout := range l.spotLayouts(stages) {
		where := sortedAxes(layout.Where)
		name := layout.Name
		if name == "" {
			name = l.Name
		}
		if !present(stages, where) {
			if !s.Small {
				f.Missing = append(f.Missing, missingName(name, where))
			}
			continue
		}
		spot, err := b.spot(from, where)
		if err != nil {
			return fmt.Errorf("%s: %w", clean(name), err)
		}
		spot.Name = clean(layout.Name)
		if spot.X.Text == "" && spot.X.count() == 0 || spot.Y.Text == "" && spot.Y.count() == 0 {
			f.Empty = append(f.Empty, missingName(name, where))
			continue
		}
		s.Points = append(s.Points, spot)
	}
	if len(s.Points) > 0 {
		f.Series = append(f.Series, s)
	}
	return nil
}

// spot is the point of the cells that agree with where.
func (b *figureBuilder) spot(from [2]shownSource, where []Axis) (Spot, error) {
	var spot Spot
	var all []Cell
	for i, to := range []*Shown{&spot.X, &spot.Y} {
		if from[i].axis != "" {
			continue
		}
		s := from[i].stage
		e, err := s.entry(s.pick(where), from[i].id)
		if err != nil {
			return spot, err
		}
		if err := s.checkMeanable(e.cells(), where, b.layout.Over, "fix it in where, or name it in grid or in over"); err != nil {
			return spot, err
		}
		if err := b.interval(s, &e, from[i].id); err != nil {
			return spot, err
		}
		to.Entry = e
		all = append(all, e.cells()...)
	}
	for i, to := range []*Shown{&spot.X, &spot.Y} {
		if axis := from[i].axis; axis != "" {
			v, ok := value(where, axis)
			if !ok {
				v, ok = common(all, axis)
			}
			if !ok {
				return spot, fmt.Errorf("its cells have no single value of axis %s", clean(axis))
			}
			number, err := numberOf(axis, v)
			if err != nil {
				return spot, err
			}
			to.Value, to.Text = number, display(v)
		}
	}
	spot.Axes = sharedAxes(all, b.axes)
	return spot, nil
}

// interval adds the confidence interval of an entry, and the mean that it is around: over users or images where all of
// its cells have outcomes, otherwise over its cells.
func (b *figureBuilder) interval(s *stage, e *Entry, id series) error {
	if e.N == 0 {
		return nil
	}
	_, ok, err := s.hasUnits(*e, id)
	if err != nil {
		return err
	}
	if ok {
		e.Pooled, err = s.pooled(*e, id, b.layout.Level)
		if err == nil && finite(e.Pooled.Value) {
			e.Mean = e.Pooled.Value
		}
		return err
	}
	var values []float64
	seen := map[digest.Digest]bool{} // equal outputs count once, as in tables
	for _, o := range e.Origins {
		if finite(o.Value) && !seen[o.Cell.Digest] {
			seen[o.Cell.Digest] = true
			values = append(values, o.Value)
		}
	}
	unit := "cell"
	if len(b.layout.Over) == 1 {
		unit = clean(b.layout.Over[0])
	}
	e.Pooled = &Pooled{Estimate: stats.Sample{Values: values}.Interval(b.layout.Level), Unit: unit, Level: b.layout.Level}
	return nil
}
