package chart

import "math"

// An Axis is how values are shown in one direction.
type Axis struct {
	Label    string
	Scale    Scale
	Linear   float64 // of SymLog: the scale is linear from -Linear to Linear
	Discrete bool    // the few values that points have are the ticks
}

// A Scale is how values become places.
type Scale uint8

// SymLog is linear near zero and logarithmic beyond, like matplotlib's symlog.
const (
	Linear Scale = iota
	Log
	SymLog
)

// place is where a value is drawn, on a linear scale; NaN if there is no place for it.
func (a Axis) place(v float64) float64 {
	switch a.Scale {
	case Log:
		if v <= 0 {
			return math.NaN()
		}
		return math.Log10(v)
	case SymLog:
		size, linear := math.Abs(v), a.linear()
		if size <= linear {
			return v / linear
		}
		return math.Copysign(1+math.Log10(size)-math.Log10(linear), v)
	}
	return v
}

// value is what is drawn at a place.
func (a Axis) value(place float64) float64 {
	switch a.Scale {
	case Log:
		return math.Pow(10, place)
	case SymLog:
		if size := math.Abs(place); size > 1 {
			return math.Copysign(math.Pow(10, size-1+math.Log10(a.linear())), place)
		}
		return place * a.linear()
	}
	return place
}

// end is where the end of an interval is drawn. An interval that reaches zero reaches the edge of a
// logarithmic scale.
func (a Axis) end(v float64) float64 {
	if a.Scale == Log && v <= 0 {
		return -most
	}
	return a.place(v)
}

// edge reports whether a place is the edge of a logarithmic scale, which has none.
func (a Axis) edge(place float64) bool { return a.Scale == Log && place == -most }

// linear is the end of the linear part of SymLog.
func (a Axis) linear() float64 {
	if a.Linear > 0 && !math.IsInf(a.Linear, 0) {
		return a.Linear
	}
	return 1
}

// scaleText describes a scale that is not linear.
func (a Axis) scaleText() string {
	switch a.Scale {
	case Log:
		return "logarithmic"
	case SymLog:
		return "linear up to " + brief(a.linear()) + " and logarithmic beyond"
	}
	return ""
}

// heading is the label of the axis as it is drawn.
func (a Axis) heading() string {
	if a.Scale == SymLog {
		return a.Label + " (linear up to " + minus(brief(a.linear())) + ", logarithmic beyond)"
	}
	return a.Label
}

// placed is the chart with places instead of values, so that all of it can be drawn on linear
// scales.
func (c *Chart) placed() *Chart {
	p := *c
	p.Lines, p.Series, p.Fronts = nil, nil, nil
	for _, end := range []**float64{&p.Min, &p.Max} {
		if *end == nil {
			continue
		}
		if at := c.Y.place(**end); drawable(at) {
			*end = &at
		} else if c.Y.Scale != Linear {
			*end = nil
		}
	}
	for _, l := range c.Lines {
		moved := Line{Name: l.Name}
		for _, q := range l.Points {
			moved.Points = append(moved.Points, Point{c.X.place(q.X), c.Y.place(q.Y), c.Y.end(q.Low), c.Y.end(q.High)})
		}
		p.Lines = append(p.Lines, moved)
	}
	for _, s := range c.Series {
		moved := Series{Name: s.Name, Small: s.Small}
		for _, q := range s.Spots {
			moved.Spots = append(moved.Spots, Spot{c.X.placeAll(q.X), c.Y.placeAll(q.Y), q.Label})
		}
		p.Series = append(p.Series, moved)
	}
	for _, f := range c.Fronts {
		moved := Front{Name: f.Name}
		for _, q := range f.Corners {
			moved.Corners = append(moved.Corners, Corner{c.X.place(q.X), c.Y.place(q.Y)})
		}
		p.Fronts = append(p.Fronts, moved)
	}
	return &p
}

func (a Axis) placeAll(v Value) Value { return Value{a.place(v.At), a.end(v.Low), a.end(v.High)} }
