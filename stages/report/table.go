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
	return pipeline.Define(pipeline.Kind{
		Name:    "report/table",
		Version: 5,
		Doc: "Writes tables of gathered metrics, with means, intervals, tested differences and baselines. " +
			"The forms are text, Markdown, CSV, LaTeX and an HTML page, which lists the source cells of each number.",
		Inputs: []pipeline.Port{{Name: "*", Type: artifact.TypeMetrics, Gathered: true,
			Doc: "stages with metrics; a column names one of them with from"}},
		Output:    artifact.TypeReport,
		Light:     true,
		Rounds:    true,
		Libraries: libraries,
		Files:     docs(tableForms),
		Printed:   tableForms[0].name,
	}, report.LayoutParams, pipeline.Work[report.Layout]{CheckInputs: checkTableNames, CheckFacts: checkTableFacts, Run: runTable})
}

var tableForms = []form{
	{"table.txt", "the tables for a terminal", render.Text},
	{"table.md", "the tables in Markdown", render.Markdown},
	{"table.csv", "all numbers, one per line and not rounded", render.CSV},
	{"table.tex", "the tables in LaTeX, for the package booktabs", render.LaTeX},
	{"report.html", "the tables as an HTML page, with the source cells of each number", render.HTML},
}

func runTable(ctx context.Context, cell *pipeline.Cell, layout *report.Layout) error {
	var from []string
	for _, c := range layout.Columns {
		from = append(from, c.From)
	}
	for _, t := range layout.Tables {
		for _, row := range t.Rows {
			if row.From != "" {
				from = append(from, row.From)
			}
		}
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
