package report

import (
	"context"
	"slices"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/internal/report/render"
	"foil/pipeline"
)

// Table is the kind report/table.
func Table() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "report/table",
		Version: 7,
		Doc: "Writes tables of gathered metrics, with means, intervals, tested differences and baselines. " +
			"Rules can choose the cells of rows (select), and numbers can be compared with published ones (expect). " +
			"The forms are text, Markdown, CSV, LaTeX and an HTML page, which lists the source cells of each number.",
		Inputs: []pipeline.Port{{Name: "*", Type: artifact.TypeMetrics, Gathered: true,
			Doc: "stages with metrics; a column names one of them with from"}},
		Output:    artifact.TypeReport,
		Light:     true,
		Rounds:    true,
		Libraries: libraries,
		Files:     docs(append(slices.Clone(tableForms), choicesForm, expectedForm)),
		Printed:   tableForms[0].name,
		Expected:  expectedForm.name,
	}, report.LayoutParams, pipeline.Work[report.Layout]{CheckInputs: checkTableNames, CheckFacts: checkTableFacts, Run: runTable})
}

var tableForms = []form{
	{"table.txt", "the tables for a terminal", render.Text},
	{"table.md", "the tables in Markdown", render.Markdown},
	{"table.csv", "all numbers, one per line and not rounded", render.CSV},
	{"table.tex", "the tables in LaTeX, for the package booktabs", render.LaTeX},
	{"report.html", "the tables as an HTML page, with the source cells of each number", render.HTML},
}

// These are written if there is something for them.
var (
	choicesForm  = form{"select.csv", "with select: all candidates, their values and the choices", render.ChoicesCSV}
	expectedForm = form{"expect.csv", "with expect: the expected values beside those of the report", render.ExpectedCSV}
)

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
	from = append(from, selectedFrom(layout)...)
	gathered, err := readGathered(ctx, cell, from, "column")
	if err != nil {
		return err
	}
	tables, err := report.BuildTables(layout, gathered)
	if err != nil {
		return err
	}
	r := tables.Grid()
	forms := slices.Clone(tableForms)
	if len(r.Choices.Lines) > 0 {
		forms = append(forms, choicesForm)
	}
	if len(r.Expectations.Lines) > 0 {
		forms = append(forms, expectedForm)
	}
	return writeForms(cell, forms, r)
}
