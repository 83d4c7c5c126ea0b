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
	return pipeline.Define(pipeline.Kind{
		Name:    "report/figure",
		Version: 4,
		Doc: "Draws gathered metrics: as lines over their k (such as the epochs of a training), over an axis or over another metric, " +
			"with bands of one standard deviation; or as points of two metrics, with confidence intervals and Pareto fronts. " +
			"The forms are PDF, SVG, text, CSV and an HTML page, which lists all numbers and their source cells.",
		Inputs: []pipeline.Port{{Name: "*", Type: artifact.TypeMetrics, Gathered: true,
			Doc: "stages with metrics; a line or an axis names one of them with from"}},
		Output:    artifact.TypeReport,
		Light:     true,
		Rounds:    true,
		Libraries: libraries,
		Files:     append(docs(figureForms), drawingDocs()...),
		Printed:   figureForms[0].name,
	}, report.FiguresLayoutParams, pipeline.Work[report.FiguresLayout]{CheckInputs: checkFigureNames, CheckFacts: checkFigureFacts, Run: runFigure})
}

var figureForms = []form{
	{"figure.txt", "values of the lines at some places and of all points, for a terminal", render.Text},
	{"figure.csv", "all points, one per line and not rounded", render.CSV},
	{"report.html", "the figures as an HTML page, with all numbers and their source cells", render.HTML},
}

// A drawingForm is a file that each figure of a report is written to.
type drawingForm struct {
	ending, doc string
	write       func(*chart.Chart, io.Writer) error
}

var drawingForms = []drawingForm{
	{".pdf", "the figures for print, with embedded fonts", (*chart.Chart).PDF},
	{".svg", "the figures for web pages, with a text description", (*chart.Chart).SVG},
}

func drawingDocs() []pipeline.FileDoc {
	var all []pipeline.FileDoc
	for _, f := range drawingForms {
		all = append(all, pipeline.FileDoc{Name: "1-TITLE" + f.ending + ", 2-...", Doc: f.doc})
	}
	return all
}

func runFigure(ctx context.Context, cell *pipeline.Cell, layout *report.FiguresLayout) error {
	gathered, err := readGathered(ctx, cell, usedByAll(layout), "line or axis")
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
