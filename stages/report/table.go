package report

import (
	"context"

	"foil/internal/tables"
	"foil/pipeline"
	"foil/results"
)

// Table is the kind report/table.
func Table() pipeline.Kind {
	return pipeline.Kind{
		Name:    "report/table",
		Version: 2,
		Doc: "Tables of gathered metrics with means, standard deviations and baselines. " +
			"As text, Markdown, CSV, LaTeX and a page, each number with the cells it comes from.",
		Inputs: []pipeline.Port{{Name: "*", Type: tables.TypeMetrics, Gathered: true,
			Doc: "stages with metrics, under the names that columns refer to (from)"}},
		Output:  tables.TypeReport,
		Light:   true,
		Files:   docs(tableForms),
		Printed: tableForms[0].name,
		Params:  func() any { return &results.Layout{} },
		CheckInputs: func(params any, inputs []pipeline.Input, report func(path, format string, args ...any)) {
			checkTableNames(params.(*results.Layout), inputs, report)
		},
		Run: runTable,
	}
}

var tableForms = []form[*results.Report]{
	{"table.txt", "the tables for a terminal", (*results.Report).Text},
	{"table.md", "the tables in Markdown", (*results.Report).Markdown},
	{"table.csv", "one line per number, unrounded", (*results.Report).CSV},
	{"table.tex", "the tables in LaTeX, for booktabs", (*results.Report).LaTeX},
	{"report.html", "the tables as a page, with the origin of each number", (*results.Report).HTML},
}

func runTable(ctx context.Context, cell *pipeline.Cell) error {
	layout := cell.Params.(*results.Layout)
	var from []string
	for _, c := range layout.Columns {
		from = append(from, c.From)
	}
	gathered, err := readGathered(ctx, cell, from, "column")
	if err != nil {
		return err
	}
	r, err := results.Build(layout, gathered)
	if err != nil {
		return err
	}
	return writeForms(cell, tableForms, r)
}
