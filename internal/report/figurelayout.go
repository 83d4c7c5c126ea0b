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
	Figures []FigureLayout `yaml:"figures" required:"true" nonempty:"true"`
}

// FiguresLayoutParams describes a FiguresLayout.
var FiguresLayoutParams = &spec.Params[FiguresLayout]{
	Docs: spec.Docs{
		"title":   "heading of the report",
		"notes":   "free text below the figures",
		"over":    "axes to average over. A line shows the mean, and its band one standard deviation to either side.",
		"figures": "figures of the report, each in files of its own",
	},
	Nested: []spec.Described{figureParams},
	Check:  (*FiguresLayout).check,
}

// A FigureLayout is a figure: lines in one coordinate system.
type FigureLayout struct {
	Title string       `yaml:"title" required:"true"`
	X     string       `yaml:"x" required:"true"`
	Y     string       `yaml:"y" required:"true"`
	Min   *float64     `yaml:"min"`
	Max   *float64     `yaml:"max"`
	Lines []LineLayout `yaml:"lines" required:"true" nonempty:"true"`
}

var figureParams = &spec.Params[FigureLayout]{
	Docs: spec.Docs{
		"title": "caption of the figure; the names of its files contain it, too",
		"x":     "label of the horizontal axis, which shows k, such as epoch",
		"y":     "label of the vertical axis",
		"min":   "lower end of the vertical axis; default: chosen from the values",
		"max":   "upper end of the vertical axis; default: chosen from the values",
		"lines": "lines of the figure",
	},
	Nested: []spec.Described{lineParams},
}

// A LineLayout selects one metric at every k that it has, in the cells of a stage.
type LineLayout struct {
	Name string `yaml:"name" required:"true"`
	Selector
	Where map[string]spec.Value `yaml:"where"`
}

var lineParams = &spec.Params[LineLayout]{
	Docs: spec.Docs{
		"name": "name of the line",
		"where": "the cells of the line: values of axes. " +
			"An axis needs a value if it is not averaged over and cells with the same k differ in it.",
	},
	Nested: []spec.Described{selectorParams},
}

// check reports errors of a layout that do not depend on the cells. It checks the nested structs,
// too, so that all errors are reported at once.
func (l *FiguresLayout) check(report spec.Reporter) {
	checkOver(l.Over, report)
	titles := map[string]bool{}
	for i := range l.Figures {
		f := &l.Figures[i]
		if titles[f.Title] {
			report(at("figures", i)+".title", "another figure has the title %q, too", f.Title)
		}
		titles[f.Title] = true
		f.check(at("figures", i), report)
	}
}

func (f *FigureLayout) check(path string, report spec.Reporter) {
	if f.Min != nil && f.Max != nil && *f.Min >= *f.Max {
		report(path+".max", "max is %s, but must be greater than min, which is %s", shortest(*f.Max), shortest(*f.Min))
	}
	if len(f.Lines) > chart.MostLines {
		report(path+".lines", "a figure has at most %d lines, so that they can be distinguished, not %d; make two figures", chart.MostLines, len(f.Lines))
	}
	names := map[string]bool{}
	for i, l := range f.Lines {
		if names[l.Name] {
			report(path+at(".lines", i)+".name", "another line has the name %q, too", l.Name)
		}
		names[l.Name] = true
		checkWhere(l.Where, path+at(".lines", i), report)
	}
}
