package report

import (
	"context"
	"io"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/internal/report/chart"
	"foil/internal/report/render"
	"foil/pipeline"
)

// Figure is the kind report/figure.
func Figure() pipeline.Kind {
	return pipeline.Kind{
		Name:    "report/figure",
		Version: 1,
		Doc: "Line figures of gathered metrics over their k, such as the epochs of a training, with bands of one standard deviation. " +
			"As PDF for papers, SVG for pages, and a page with all numbers and the cells they come from.",
		Inputs: []pipeline.Port{{Name: "*", Type: artifact.TypeMetrics, Gathered: true,
			Doc: "stages with metrics, under the names that lines refer to (from)"}},
		Output:  artifact.TypeReport,
		Light:   true,
		Files:   append(docs(figureForms), drawingDocs()...),
		Printed: figureForms[0].name,
		Params:  func() any { return &report.FiguresLayout{} },
		CheckInputs: func(params any, inputs []pipeline.Input, fail func(path, format string, args ...any)) {
			checkFigureNames(params.(*report.FiguresLayout), inputs, fail)
		},
		Run: runFigure,
	}
}

var figureForms = []form{
	{"figure.txt", "the lines at some k, for a terminal", render.Text},
	{"figure.csv", "one line per point, unrounded", render.CSV},
	{"report.html", "the figures as a page, with all numbers and the origin of each", render.HTML},
}

// A drawingForm is a file that each figure of a report is written to.
type drawingForm struct {
	ending, doc string
	write       func(*chart.Chart, io.Writer) error
}

var drawingForms = []drawingForm{
	{".pdf", "the figures for print, with the font in them", (*chart.Chart).PDF},
	{".svg", "the figures for pages, with a description in words", (*chart.Chart).SVG},
}

func drawingDocs() []pipeline.FileDoc {
	var all []pipeline.FileDoc
	for _, f := range drawingForms {
		all = append(all, pipeline.FileDoc{Name: "1-TITLE" + f.ending + ", 2-...", Doc: f.doc})
	}
	return all
}

func runFigure(ctx context.Context, cell *pipeline.Cell) error {
	layout := cell.Params.(*report.FiguresLayout)
	var from []string
	for _, f := range layout.Figures {
		for _, l := range f.Lines {
			from = append(from, l.From)
		}
	}
	gathered, err := readGathered(ctx, cell, from, "line")
	if err != nil {
		return err
	}
	figures, err := report.BuildFigures(layout, gathered)
	if err != nil {
		return err
	}
	r := figures.Grid()
	if err := writeForms(cell, figureForms, r); err != nil {
		return err
	}
	for _, d := range r.Figures {
		for _, f := range drawingForms {
			if err := artifact.WriteFile(cell.Create, d.File+f.ending, func(w io.Writer) error { return f.write(d.Chart, w) }); err != nil {
				return err
			}
		}
	}
	return nil
}
