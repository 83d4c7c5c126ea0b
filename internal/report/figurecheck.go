package report

import (
	"slices"

	"foil/spec"
)

// CheckFigures reports what is wrong with a layout of figures.
func (n Known) CheckFigures(l *FiguresLayout, report spec.Reporter) {
	c := &checker{Known: n, sources: sources{gathered: n.Gathered}, over: l.Over, report: report}
	any := false
	for i := range l.Figures {
		f := &l.Figures[i]
		for j, line := range f.Lines {
			s := c.known(line.From)
			any = any || s == nil || len(s.pick(sortedAxes(line.Where))) > 0
			if s != nil {
				any = !c.line(at("figures", i), at(".lines", j), s, f, line) || any
			}
		}
		for j := range f.Points {
			any = c.points(at("figures", i), at(".points", j), f, &f.Points[j]) || any
		}
	}
	if !any {
		report("figures", "no figure has a line or point whose cells exist; %s", describeAxes(c.stages))
	}
}

// line checks a line. It reports whether the values in where are right as far as that is known.
func (c *checker) line(figure, line string, s *stage, f *FigureLayout, l LineLayout) (right bool) {
	path := figure + line
	right = c.point(path+".where", []*stage{s}, l.Where)
	along := l.Along
	if f.X.Axis != "" {
		along = f.X.Axis
	}
	if f.X.Metric != "" {
		c.across(path, f, l, along)
	}
	if along == "" {
		c.curve(path, s, l, right)
		return right
	}
	c.series(path+".metric", l.Selector, l.K)
	if !right || !slices.Contains(s.axes, along) {
		return right // reported with the names
	}
	where := sortedAxes(l.Where)
	for _, v := range axisValues([]*stage{s}, along) {
		if f.X.Axis != "" && !c.shown(path, figure+".x.scale", f.X, v) {
			return right
		}
		if !c.meanable(path+".where", []*stage{s}, with(where, along, v), "fix it in where, or name it in over") {
			return right
		}
	}
	return right
}

// shown checks a value of an axis that x or y shows.
func (c *checker) shown(path, scale string, a AxisLayout, v spec.Value) bool {
	x, err := numberOf(a.Axis, v)
	if err != nil {
		c.problem(path, err)
		return false
	}
	err = a.checkValue(x, "")
	c.problem(scale, err)
	return err == nil
}

// across checks the metric on x of a line.
func (c *checker) across(path string, f *FigureLayout, l LineLayout, along string) {
	x := f.X.MetricChoice
	if x.From == "" {
		x.From = l.From
	}
	if along != "" {
		c.series(path, x.selector(), x.K)
		return
	}
	s := c.known(x.From)
	if s == nil || !c.Metrics[x.From] || c.Open[x.From][x.Metric] {
		return
	}
	_, err := s.findCurve(x.selector())
	c.problem(path, err)
}

// curve checks the metric of a line over k, and that its cells differ in k alone.
func (c *checker) curve(path string, s *stage, l LineLayout, right bool) {
	where := sortedAxes(l.Where)
	if !c.Metrics[l.From] {
		return
	}
	if c.Open[l.From][l.Metric] {
		// Trainings have their curves at every epoch from the first on, so their cells meet there.
		if right && s.isBare(l.Metric) {
			c.meanable(path+".where", []*stage{s}, where, "fix it in where, or name it in over")
		}
		return
	}
	curve, err := s.findCurve(l.Selector)
	c.problem(path+".metric", err)
	if err != nil || !right {
		return
	}
	for _, k := range curve.ks {
		id := curve.id
		id.K = k
		cells := filter(s.pick(where), func(cell Cell) bool { _, ok, _ := s.get(cell, id); return ok })
		if err := s.checkMeanable(cells, where, c.over, "fix it in where, or name it in over"); err != nil {
			c.report(path+".where", "at k = %d %v", k, err)
			return
		}
	}
}

// points checks a series of points. It reports whether one of them may have cells.
func (c *checker) points(figure, series string, f *FigureLayout, p *PointsLayout) (any bool) {
	path := figure + series
	var stages []*stage
	for _, a := range []struct {
		name string
		AxisLayout
		own MetricChoice
	}{{".x", f.X, p.X}, {".y", f.Y, p.Y}} {
		if a.Axis != "" {
			continue
		}
		choice, where := a.with(a.own), figure+a.name+".metric"
		if a.own != (MetricChoice{}) {
			where = path + a.name
		}
		c.series(where, choice.selector(), choice.K)
		s := c.known(choice.From)
		if s == nil {
			return true // the points depend on it
		}
		stages = append(stages, s)
	}
	if !c.point(path+".where", stages, p.Where) {
		return true
	}
	for i, row := range p.Rows {
		if !c.point(path+at(".rows", i)+".where", stages, row.Where) {
			return true
		}
	}
	const most = 10_000
	for i, spot := range p.spotLayouts(stages) {
		where := sortedAxes(spot.Where)
		if i == most {
			return true
		}
		if !present(stages, where) {
			continue
		}
		any = true
		if !c.spot(figure, path, f, p, i, stages, where) {
			return true // the problems of the others are of the same kind
		}
	}
	return any
}

// spot checks that the cells of a point are those of one point.
func (c *checker) spot(figure, path string, f *FigureLayout, p *PointsLayout, i int, stages []*stage, where []Axis) bool {
	switch {
	case len(p.Rows) > 0:
		path += at(".rows", i) + ".where"
	case len(p.Grid) > 0:
		path += ".grid"
	default:
		path += ".where"
	}
	if !c.meanable(path, stages, where, "fix it in where, or name it in grid or in over") {
		return false
	}
	var all []Cell
	for _, s := range stages {
		all = append(all, s.pick(where)...)
	}
	for _, a := range []struct {
		name string
		AxisLayout
	}{{".x", f.X}, {".y", f.Y}} {
		if a.Axis == "" {
			continue
		}
		v, ok := value(where, a.Axis)
		if !ok {
			v, ok = common(all, a.Axis)
		}
		if !ok {
			c.report(path, "its cells have no single value of axis %s", clean(a.Axis))
			return false
		}
		if !c.shown(path, figure+a.name+".scale", a.AxisLayout, v) {
			return false
		}
	}
	return true
}
