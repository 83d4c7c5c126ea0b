package report

import (
	"context"

	"foil/internal/tables"
	"foil/pipeline"
	"foil/results"
)

// Figure is the kind report/figure.
func Figure() pipeline.Kind {
	return pipeline.Kind{
		Name:    "report/figure",
		Version: 1,
		Doc: "Line figures of gathered metrics over their k, such as the epochs of a training, with bands of one standard deviation. " +
			"As SVG for papers, and as a page with all numbers and the cells they come from.",
		Inputs: []pipeline.Port{{Name: "*", Type: tables.TypeMetrics, Gathered: true,
			Doc: "stages with metrics, under the names that lines refer to (from)"}},
		Output:  tables.TypeReport,
		Light:   true,
		Files:   append(docs(figureForms), pipeline.FileDoc{Name: "1-TITLE.svg, 2-...", Doc: "the figures, light or dark as the reader has it"}),
		Printed: figureForms[0].name,
		Params:  func() any { return &results.FiguresLayout{} },
		CheckInputs: func(params any, inputs []pipeline.Input, report func(path, format string, args ...any)) {
			checkFigureNames(params.(*results.FiguresLayout), inputs, report)
		},
		Run: runFigure,
	}
}

var figureForms = []form[*results.Figures]{
	{"figure.txt", "the lines at some k, for a terminal", (*results.Figures).Text},
	{"figure.csv", "one line per point, unrounded", (*results.Figures).CSV},
	{"report.html", "the figures as a page, with all numbers and the origin of each", (*results.Figures).HTML},
}

func runFigure(ctx context.Context, cell *pipeline.Cell) error {
	layout := cell.Params.(*results.FiguresLayout)
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
	r, err := results.BuildFigures(layout, gathered)
	if err != nil {
		return err
	}
	if err := writeForms(cell, figureForms, r); err != nil {
		return err
	}
	names, drawings := r.Drawings()
	for i, d := range drawings {
		if err := tables.WriteFile(cell.Create, names[i], d.Svg); err != nil {
			return err
		}
	}
	return nil
}
