package report

import (
	"slices"

	"foil/internal/report/chart"
	"foil/spec"
)

// A PointsLayout is a series of points: one, named ones, or one for each combination of axis
// values.
type PointsLayout struct {
	Name  string                `yaml:"name" required:"true"`
	Grid  []string              `yaml:"grid"`
	Rows  []PointLayout         `yaml:"rows"`
	Where map[string]spec.Value `yaml:"where"`
	X     MetricChoice          `yaml:"x"`
	Y     MetricChoice          `yaml:"y"`
	Bars  bool                  `yaml:"bars"`
}

var pointsParams = &spec.Params[PointsLayout]{
	Defaults: func() PointsLayout { return PointsLayout{Bars: true} },
	Docs: spec.Docs{
		"name": "name of the series",
		"grid": "axes; the series has a small point for each combination of their values",
		"rows": "named points, which are labelled; without rows and grid, the series is one point",
		"where": "the cells of all points of the series: values of axes. " +
			"An axis needs a value, here or in a row, if it is neither in grid nor averaged over.",
		"x":    "what the series shows on x in place of the figure's metric, such as another checkpoint",
		"y":    "what the series shows on y in place of the figure's metric",
		"bars": "whether the intervals are drawn; they are listed in any case",
	},
	Nested: []spec.Described{pointParams, metricChoiceParams},
}

// A PointLayout is a named point.
type PointLayout struct {
	Name  string                `yaml:"name" required:"true"`
	Where map[string]spec.Value `yaml:"where"`
}

var pointParams = &spec.Params[PointLayout]{
	Docs: spec.Docs{
		"name":  "name of the point",
		"where": "the cells of the point: values of axes, beside those of the series",
	},
}

// A FrontLayout is a line through the points of some series that no other of these points beats.
type FrontLayout struct {
	Name string   `yaml:"name"`
	Of   []string `yaml:"of"`
}

var frontParams = &spec.Params[FrontLayout]{
	Defaults: func() FrontLayout { return FrontLayout{Name: "Pareto front"} },
	Docs: spec.Docs{
		"name": "name of the front",
		"of":   "names of the series whose points count; default: all",
	},
}

// checkPoints reports errors of points and fronts.
func (f *FigureLayout) checkPoints(path string, over map[string]bool, report spec.Reporter) {
	if len(f.Points) > chart.MostSeries {
		report(path+".points", "a figure has at most %d series, so that they can be distinguished, not %d; make two figures", chart.MostSeries, len(f.Points))
	}
	if len(f.Fronts) > chart.MostFronts {
		report(path+".fronts", "a figure has at most %d fronts, so that they can be distinguished, not %d", chart.MostFronts, len(f.Fronts))
	}
	if f.X.Axis != "" && f.Y.Axis != "" {
		report(path+".y.axis", "x shows an axis of the cells, so y must show a metric")
	}
	names := map[string]bool{}
	var all []string
	for i := range f.Points {
		p, series := &f.Points[i], path+at(".points", i)
		if names[p.Name] {
			report(series+".name", "another series has the name %q, too", p.Name)
		}
		names[p.Name] = true
		all = append(all, p.Name)
		f.checkShown(path, ".x", f.X, series, p.X, report)
		f.checkShown(path, ".y", f.Y, series, p.Y, report)
		p.check(series, over, report)
	}
	for i, front := range f.Fronts {
		at := path + at(".fronts", i)
		if names[front.Name] {
			report(at+".name", "a series or another front has the name %q, too", front.Name)
		}
		names[front.Name] = true
		for _, axis := range []struct{ name, better string }{{"x", f.X.Better}, {"y", f.Y.Better}} {
			if axis.better == "" {
				report(at, "a front needs %s.better: whether higher or lower values are better", axis.name)
			}
		}
		front.check(at, all, report)
	}
}

// checkShown reports an axis that shows nothing in a series.
func (f *FigureLayout) checkShown(path, axis string, a AxisLayout, series string, own MetricChoice, report spec.Reporter) {
	c := a.with(own)
	switch {
	case a.Axis != "" && own != (MetricChoice{}):
		report(series+axis, "the figure shows the axis %q there, and no metric", a.Axis)
	case a.Axis != "":
	case c.From == "" || c.Metric == "":
		missing := "metric"
		if c.From == "" {
			missing = "from"
		}
		where := path
		if own != (MetricChoice{}) {
			where = series
		}
		report(where+axis, "what points show there is not known: %s is missing (or axis, for an axis of the cells)", missing)
	}
}

func (p *PointsLayout) check(path string, over map[string]bool, report spec.Reporter) {
	if len(p.Grid) > 0 && len(p.Rows) > 0 {
		report(path+".rows", "a series has rows or grid, not both")
	}
	checkWhere(p.Where, path, report)
	axes := map[string]bool{}
	for i, name := range p.Grid {
		_, fixed := p.Where[name]
		switch {
		case over[name]:
			report(path+at(".grid", i), "axis %q is averaged over (see over), so it cannot distinguish points", name)
		case axes[name]:
			report(path+at(".grid", i), "axis %q occurs twice", name)
		case fixed:
			report(path+at(".grid", i), "axis %q has a single value in where", name)
		}
		axes[name] = true
	}
	names := map[string]bool{}
	for i, row := range p.Rows {
		if names[row.Name] {
			report(path+at(".rows", i)+".name", "another row has the name %q, too", row.Name)
		}
		names[row.Name] = true
		checkWhere(row.Where, path+at(".rows", i), report)
		for _, axis := range sortedNames(row.Where) {
			if _, fixed := p.Where[axis]; fixed {
				report(path+at(".rows", i)+".where."+axis, "axis %q has a value in where of the series, too", axis)
			}
		}
	}
}

func (f FrontLayout) check(path string, series []string, report spec.Reporter) {
	for i, name := range f.Of {
		switch {
		case !slices.Contains(series, name):
			report(path+at(".of", i), "no series has the name %q%s", name, spec.Suggestion(name, series))
		case slices.Contains(f.Of[:i], name):
			report(path+at(".of", i), "the series %q occurs twice", name)
		}
	}
}
