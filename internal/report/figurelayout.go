package report

import (
	"foil/internal/report/chart"
	"foil/spec"
)

// A FiguresLayout says which figures a report shows. It is the parameters of report/figure.
type FiguresLayout struct {
	Title   string         `yaml:"title" doc:"heading of the report"`
	Notes   []string       `yaml:"notes" doc:"free text under the figures"`
	Over    []string       `yaml:"over" doc:"axes that are averaged over: a line is the mean, and the band around it one standard deviation to either side"`
	Figures []FigureLayout `yaml:"figures" doc:"the figures, each a drawing of its own" required:"true" nonempty:"true"`
}

// A FigureLayout is a figure: lines over one pair of axes.
type FigureLayout struct {
	Title string       `yaml:"title" doc:"caption of the figure; it names the file as well" required:"true"`
	X     string       `yaml:"x" doc:"label of the horizontal axis: what k is, such as epoch" required:"true"`
	Y     string       `yaml:"y" doc:"label of the vertical axis" required:"true"`
	Min   *float64     `yaml:"min" doc:"lower end of the vertical axis; left out: as the values have it"`
	Max   *float64     `yaml:"max" doc:"upper end of the vertical axis; left out: as the values have it"`
	Lines []LineLayout `yaml:"lines" doc:"the lines" required:"true" nonempty:"true"`
}

// A LineLayout selects one metric at every k that it has, in the cells of a stage.
type LineLayout struct {
	Name string `yaml:"name" doc:"name of the line" required:"true"`
	Selector
	Where map[string]spec.Value `yaml:"where" doc:"axis: value, for every axis that is not averaged over and in which cells with the same k differ"`
}

// Check reports errors of a layout that do not depend on the cells.
func (l *FiguresLayout) Check(report func(path, format string, args ...any)) {
	checkOver(l.Over, report)
	titles := map[string]bool{}
	for i := range l.Figures {
		f := &l.Figures[i]
		if titles[f.Title] {
			report(at("figures", i)+".title", "another figure is called %q too", f.Title)
		}
		titles[f.Title] = true
		f.check(at("figures", i), report)
	}
}

func (f *FigureLayout) check(path string, report func(path, format string, args ...any)) {
	if f.Min != nil && f.Max != nil && *f.Min >= *f.Max {
		report(path+".max", "the axis ends at %s, which is not above its lower end %s (min)", shortest(*f.Max), shortest(*f.Min))
	}
	if len(f.Lines) > chart.MostLines {
		report(path+".lines", "%d lines cannot be told apart in one figure; %d can: make two figures of it", len(f.Lines), chart.MostLines)
	}
	names := map[string]bool{}
	for i, l := range f.Lines {
		if names[l.Name] {
			report(path+at(".lines", i)+".name", "another line is called %q too", l.Name)
		}
		names[l.Name] = true
		checkWhere(l.Where, path+at(".lines", i), report)
	}
}
