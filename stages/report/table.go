package report

import (
	"context"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/internal/report/render"
	"foil/pipeline"
)

// Table is the kind report/table.
func Table() pipeline.Kind {
	return pipeline.Kind{
		Name:    "report/table",
		Version: 2,
		Doc: "Tables of gathered metrics with means, standard deviations and baselines. " +
			"As text, Markdown, CSV, LaTeX and a page, each number with the cells it comes from.",
		Inputs: []pipeline.Port{{Name: "*", Type: artifact.TypeMetrics, Gathered: true,
			Doc: "stages with metrics, under the names that columns refer to (from)"}},
		Output:  artifact.TypeReport,
		Light:   true,
		Files:   docs(tableForms),
		Printed: tableForms[0].name,
		Params:  func() any { return &report.Layout{} },
		CheckInputs: func(params any, inputs []pipeline.Input, fail func(path, format string, args ...any)) {
			checkTableNames(params.(*report.Layout), inputs, fail)
		},
		Run: runTable,
	}
}

var tableForms = []form{
	{"table.txt", "the tables for a terminal", render.Text},
	{"table.md", "the tables in Markdown", render.Markdown},
	{"table.csv", "one line per number, unrounded", render.CSV},
	{"table.tex", "the tables in LaTeX, for booktabs", render.LaTeX},
	{"report.html", "the tables as a page, with the origin of each number", render.HTML},
}

func runTable(ctx context.Context, cell *pipeline.Cell) error {
	layout := cell.Params.(*report.Layout)
	var from []string
	for _, c := range layout.Columns {
		from = append(from, c.From)
	}
	gathered, err := readGathered(ctx, cell, from, "column")
	if err != nil {
		return err
	}
	tables, err := report.BuildTables(layout, gathered)
	if err != nil {
		return err
	}
	return writeForms(cell, tableForms, tables.Grid())
}
