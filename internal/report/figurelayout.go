package report

import (
	"foil/internal/report/chart"
	"foil/spec"
)

// A FiguresLayout defines the figures of a report. It holds the parameters of report/figure.
type FiguresLayout struct {
	Title   string         `yaml:"title"`
	Notes   []string       `yaml:"notes"`
	Over    []string       `yaml:"over"`
	Level   float64        `yaml:"level" min:"0.5" max:"0.9999"`
	Figures []FigureLayout `yaml:"figures" required:"true" nonempty:"true"`
}

// FiguresLayoutParams describes a FiguresLayout.
var FiguresLayoutParams = &spec.Params[FiguresLayout]{
	Defaults: func() FiguresLayout { return FiguresLayout{Level: 0.95} },
	Docs: spec.Docs{
		"title": "heading of the report",
		"notes": "free text below the figures",
		"over":  "axes to average over. A line shows the mean, and its band one standard deviation to either side; a point has intervals.",
		"level": "confidence level of the intervals of points",
		"figures": "figures of the report, each in files of its own. " +
			"A figure has lines or points.",
	},
	Nested: []spec.Described{figureParams},
	Check:  (*FiguresLayout).check,
}

// A FigureLayout is a figure: lines or points in one coordinate system.
type FigureLayout struct {
	Title  string         `yaml:"title" required:"true"`
	Width  string         `yaml:"width" oneof:"column,page"`
	X      AxisLayout     `yaml:"x" required:"true"`
	Y      AxisLayout     `yaml:"y" required:"true"`
	Min    *float64       `yaml:"min"`
	Max    *float64       `yaml:"max"`
	Lines  []LineLayout   `yaml:"lines"`
	Points []PointsLayout `yaml:"points"`
	Fronts []FrontLayout  `yaml:"fronts"`
}

// The widths of a figure.
const (
	pageWidth   = "page"
	columnWidth = "column"
)

var figureParams = &spec.Params[FigureLayout]{
	Defaults: func() FigureLayout { return FigureLayout{Width: pageWidth, X: newAxisLayout(), Y: newAxisLayout()} },
	Docs: spec.Docs{
		"title": "caption of the figure; the names of its files contain it, too",
		"width": "size in print: page is as wide as the text of a page (6.5 in), column as a column of two (3.3 in)",
		"x":     "horizontal axis: its label, such as epoch, or a map. Lines are over k unless it names an axis or a metric.",
		"y":     "vertical axis: its label, or a map",
		"min":   "lower end of the vertical axis; default: chosen from the values",
		"max":   "upper end of the vertical axis; default: chosen from the values",
		"lines": "lines of the figure, each with a metric of its own",
		"points": "series of points, which have the metrics of x and y, with confidence intervals. " +
			"Each series has a colour and a shape.",
		"fronts": "lines through points that no other point beats in both directions",
	},
	Nested: []spec.Described{axisParams, lineParams, pointsParams, frontParams},
}

// A LineLayout selects one metric in the cells of a stage: at every k that it has, or along an axis.
type LineLayout struct {
	Name string `yaml:"name" required:"true"`
	Selector
	K     int                   `yaml:"k" min:"0"`
	Along string                `yaml:"along"`
	Where map[string]spec.Value `yaml:"where"`
}

var lineParams = &spec.Params[LineLayout]{
	Docs: spec.Docs{
		"name":  "name of the line",
		"k":     "cut-off or epoch of the metric, for a line along an axis; required if the metric exists for several",
		"along": "axis whose values the points of the line follow, if x is a metric; default: the points follow k",
		"where": "the cells of the line: values of axes. " +
			"An axis needs a value if it is not averaged over and cells of the same point differ in it.",
	},
	Nested: []spec.Described{selectorParams},
}

// check reports errors of a layout that do not depend on the cells. It checks the nested structs,
// too, so that all errors are reported at once.
func (l *FiguresLayout) check(report spec.Reporter) {
	over := checkOver(l.Over, report)
	titles := map[string]bool{}
	for i := range l.Figures {
		f := &l.Figures[i]
		if titles[f.Title] {
			report(at("figures", i)+".title", "another figure has the title %q, too", f.Title)
		}
		titles[f.Title] = true
		f.check(at("figures", i), over, report)
	}
}

func (f *FigureLayout) check(path string, over map[string]bool, report spec.Reporter) {
	if f.Min != nil && f.Max != nil && *f.Min >= *f.Max {
		report(path+".max", "max is %s, but must be greater than min, which is %s", shortest(*f.Max), shortest(*f.Min))
	}
	for _, end := range []struct {
		name  string
		value *float64
	}{{"min", f.Min}, {"max", f.Max}} {
		if f.Y.Scale == logScale && end.value != nil && *end.value <= 0 {
			report(path+"."+end.name, "%s is %s, but a logarithmic scale has positive values only", end.name, shortest(*end.value))
		}
	}
	f.X.check(path+".x", over, report)
	f.Y.check(path+".y", over, report)
	switch {
	case len(f.Lines) > 0 && len(f.Points) > 0:
		report(path+".points", "a figure has lines or points, not both")
	case len(f.Lines)+len(f.Points) == 0:
		report(path, "a figure needs lines (metrics over k, an axis or another metric) or points (two metrics against each other)")
	case len(f.Lines) > 0:
		f.checkLines(path, over, report)
	default:
		f.checkPoints(path, over, report)
	}
}

func (f *FigureLayout) checkLines(path string, over map[string]bool, report spec.Reporter) {
	if len(f.Lines) > chart.MostLines {
		report(path+".lines", "a figure has at most %d lines, so that they can be distinguished, not %d; make two figures", chart.MostLines, len(f.Lines))
	}
	if f.Y.Axis != "" || f.Y.MetricChoice != (MetricChoice{}) {
		report(path+".y", "y of a figure with lines is a label and a scale: each line names its own metric")
	}
	for _, better := range []struct{ path, value string }{{".x.better", f.X.Better}, {".y.better", f.Y.Better}} {
		if better.value != "" {
			report(path+better.path, "better is for fronts, and only a figure with points has fronts")
		}
	}
	if len(f.Fronts) > 0 {
		report(path+".fronts", "only a figure with points has fronts")
	}
	names := map[string]bool{}
	for i, l := range f.Lines {
		line := path + at(".lines", i)
		if names[l.Name] {
			report(line+".name", "another line has the name %q, too", l.Name)
		}
		names[l.Name] = true
		f.checkLine(line, l, over, report)
	}
}

func (f *FigureLayout) checkLine(path string, l LineLayout, over map[string]bool, report spec.Reporter) {
	checkWhere(l.Where, path, report)
	along := l.Along
	switch {
	case l.Along != "" && f.X.Metric == "":
		report(path+".along", "along is for figures whose x is a metric")
	case f.X.Axis != "":
		along = f.X.Axis
	}
	switch _, fixed := l.Where[along]; {
	case along == "" && l.K != 0:
		report(path+".k", "the line is over k, so it has no single k; name an axis in x")
	case along != "" && fixed:
		report(path+".where."+along, "the line is along the axis %q, so the axis has no single value", along)
	case l.Along != "" && over[l.Along]:
		report(path+".along", "axis %q is averaged over (see over), so a line cannot be along it", l.Along)
	}
}
