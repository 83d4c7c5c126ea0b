package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"foil/spec"
)

// A Line is one metric at several places: its k, the values of an axis, or those of another metric.
type Line struct {
	Name   string
	Curve  series // what it shows, with split and checkpoint as found; k is 0 if the line is over k
	From   string // the stage
	Across string // what x shows, if that is a metric
	Along  string // the axis that it is along; empty: k
	Axes   []Axis // that its cells share, in the order of Figures.Axes
	Points []Point
}

// A Point is the entry of a line at one place.
type Point struct {
	X     float64
	Place string // k or the value of an axis
	On    *Entry // on x, if that shows a metric
	Entry        // on y
}

// A lineSource is where a line is from.
type lineSource struct {
	stage, across *stage // across: of the metric on x; nil: there is none
	id, xid       series
	along         string // the axis that the line is along; empty: k
	ks            []int  // without an axis
}

// lineSource finds the stage and the metrics of a line.
func (b *figureBuilder) lineSource(f *FigureLayout, l *LineLayout) (from lineSource, err error) {
	if from.stage, err = b.stage(l.From); err != nil {
		return from, err
	}
	from.along = l.Along
	if f.X.Axis != "" {
		from.along = f.X.Axis
	}
	if from.along != "" {
		if from.id, err = from.stage.find(l.Selector, l.K); err != nil {
			return from, err
		}
		if err := checkAxis([]*stage{from.stage}, "x", from.along); err != nil {
			return from, err
		}
	} else {
		c, err := from.stage.findCurve(l.Selector)
		if err != nil {
			return from, err
		}
		from.id, from.ks = c.id, c.ks
	}
	if f.X.Metric != "" {
		if err := b.acrossSource(f.X.MetricChoice, &from, l.From); err != nil {
			return from, fmt.Errorf("x: %w", err)
		}
	}
	from.needGaps()
	return from, checkPoint([]*stage{from.stage}, "where", l.Where)
}

// needGaps announces the gaps that the line shows.
func (from *lineSource) needGaps() {
	for _, a := range []struct {
		stage *stage
		id    series
	}{{from.stage, from.id}, {from.across, from.xid}} {
		switch {
		case a.id.Gap == (gap{}):
		case from.along != "":
			a.stage.need(a.id)
		default:
			for _, k := range from.ks {
				a.id.K = k
				a.stage.need(a.id)
			}
		}
	}
}

// acrossSource finds the metric on x of a line. Its stage is that of the line unless x names one.
func (b *figureBuilder) acrossSource(x MetricChoice, from *lineSource, own string) (err error) {
	if x.From == "" {
		x.From = own
	}
	if from.across, err = b.stage(x.From); err != nil {
		return err
	}
	if from.along != "" {
		from.xid, err = from.across.find(x.selector(), x.K)
		return err
	}
	c, err := from.across.findCurve(x.selector())
	if err != nil {
		return err
	}
	from.xid = c.id
	from.ks = filter(from.ks, func(k int) bool { return slices.Contains(c.ks, k) })
	if len(from.ks) == 0 {
		return errors.New(c.id.String() + " and " + from.id.String() + " have no k in common")
	}
	return nil
}

// A linePlace is where a line has a point.
type linePlace struct {
	x       float64
	text    string
	where   []Axis
	id, xid series
}

// places are those of a line, in its order.
func (from *lineSource) places(where []Axis) ([]linePlace, error) {
	var all []linePlace
	if from.along == "" {
		for _, k := range from.ks {
			p := linePlace{float64(k), strconv.Itoa(k), where, from.id, from.xid}
			p.id.K, p.xid.K = k, k
			all = append(all, p)
		}
		return all, nil
	}
	for _, v := range distinct(valuesOf(from.stage.pick(where), from.along)) {
		p := linePlace{math.NaN(), display(v), with(where, from.along, v), from.id, from.xid}
		if from.across == nil {
			x, err := numberOf(from.along, v)
			if err != nil {
				return nil, err
			}
			p.x = x
		} else if isNumber(v) {
			p.x = number(v)
		}
		all = append(all, p)
	}
	if !slices.ContainsFunc(all, func(p linePlace) bool { return math.IsNaN(p.x) }) {
		slices.SortStableFunc(all, func(a, b linePlace) int { return cmp.Compare(a.x, b.x) })
	}
	return all, nil
}

// with adds an axis.
func with(where []Axis, axis string, v spec.Value) []Axis {
	more := append(slices.Clone(where), Axis{axis, v})
	slices.SortFunc(more, func(a, b Axis) int { return cmp.Compare(a.Name, b.Name) })
	return more
}

// line puts a line into its figure, or notes there why it is absent.
func (b *figureBuilder) line(f *Figure, layout *FigureLayout, i, j int) error {
	l, from := &layout.Lines[j], &b.lines[i][j]
	where := sortedAxes(l.Where)
	if len(from.stage.pick(where)) == 0 {
		f.Missing = append(f.Missing, missingName(l.Name, where))
		return nil
	}
	line := Line{Name: clean(l.Name), Curve: from.id, From: clean(l.From), Along: from.along}
	if from.across != nil {
		line.Across = from.xid.String() + ", from " + clean(from.across.name)
	}
	places, err := from.places(where)
	if err != nil {
		return err
	}
	var all []Cell
	for _, place := range places {
		p, cells, err := b.linePoint(from, place)
		if err != nil {
			return err
		}
		if p.count() == 0 {
			continue
		}
		line.Points = append(line.Points, p)
		all = append(all, cells...)
	}
	if len(line.Points) == 0 {
		f.Empty = append(f.Empty, missingName(l.Name, where))
		return nil
	}
	line.Axes = sharedAxes(all, b.axes)
	f.Lines = append(f.Lines, line)
	return nil
}

// linePoint is the point of a line at a place, without values if one of its metrics has none.
func (b *figureBuilder) linePoint(from *lineSource, place linePlace) (Point, []Cell, error) {
	p := Point{X: place.x, Place: place.text}
	name := "k"
	if from.along != "" {
		name = clean(from.along)
	}
	get := func(s *stage, id series) (Entry, error) {
		e, err := s.entry(s.pick(place.where), id)
		if err != nil {
			return e, err
		}
		// Cells with other k may differ: where the steps of an attack are an axis, each of their
		// values has a point of its own.
		if err := s.checkMeanable(e.cells(), place.where, b.layout.Over, "fix it in where, or name it in over"); err != nil {
			return e, fmt.Errorf("at %s = %s %w", name, place.text, err)
		}
		return e, nil
	}
	var err error
	if p.Entry, err = get(from.stage, place.id); err != nil || from.across == nil {
		return p, p.cells(), err
	}
	on, err := get(from.across, place.xid)
	if err != nil {
		return p, nil, err
	}
	if on.count() == 0 {
		p.Entry = Entry{}
	}
	p.On, p.X = &on, on.Mean
	if len(on.NotFinite) > 0 {
		p.X = math.NaN()
	}
	return p, p.cells(), nil
}
