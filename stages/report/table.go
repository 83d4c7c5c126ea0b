// Package report holds the kinds whose output is read by people.
package report

import (
	"context"
	"fmt"
	"io"
	"slices"

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
		Files:   files(),
		Printed: forms[0].name,
		Params:  func() any { return &results.Layout{} },
		CheckInputs: func(params any, inputs []pipeline.Input, report func(path, format string, args ...any)) {
			checkNames(params.(*results.Layout), inputs, report)
		},
		Run: run,
	}
}

var forms = []struct {
	name, doc string
	write     func(*results.Report, io.Writer) error
}{
	{"table.txt", "the tables for a terminal", (*results.Report).Text},
	{"table.md", "the tables in Markdown", (*results.Report).Markdown},
	{"table.csv", "one line per number, unrounded", (*results.Report).CSV},
	{"table.tex", "the tables in LaTeX, for booktabs", (*results.Report).LaTeX},
	{"report.html", "the tables as a page, with the origin of each number", (*results.Report).HTML},
}

func files() []pipeline.FileDoc {
	var docs []pipeline.FileDoc
	for _, f := range forms {
		docs = append(docs, pipeline.FileDoc{Name: f.name, Doc: f.doc})
	}
	return docs
}

func run(ctx context.Context, cell *pipeline.Cell) error {
	layout := cell.Params.(*results.Layout)
	gathered := map[string][]results.Cell{}
	for name, cells := range cell.Gathered {
		gathered[name] = nil
		if !slices.ContainsFunc(layout.Columns, func(c results.Column) bool { return c.From == name }) {
			cell.Note("%s is gathered, but no column is from it", name)
			continue
		}
		for _, g := range cells {
			if err := ctx.Err(); err != nil {
				return err
			}
			c, err := read(g)
			if err != nil {
				return fmt.Errorf("%s%s: %w", name, pipeline.AxesText(g.Axes), err)
			}
			gathered[name] = append(gathered[name], c)
		}
	}
	r, err := results.Build(layout, gathered)
	if err != nil {
		return err
	}
	for _, f := range forms {
		if err := tables.WriteFile(cell.Create, f.name, func(w io.Writer) error { return f.write(r, w) }); err != nil {
			return err
		}
	}
	return nil
}

func read(g pipeline.GatheredCell) (results.Cell, error) {
	c := results.Cell{Digest: g.Artifact.Digest()}
	for _, a := range g.Axes {
		c.Axes = append(c.Axes, results.Axis{Name: a.Axis, Value: a.Value})
	}
	path, err := g.Artifact.Path(tables.MetricsFile)
	if err != nil {
		return c, err
	}
	c.Metrics, err = tables.ReadMetrics(path)
	return c, err
}
