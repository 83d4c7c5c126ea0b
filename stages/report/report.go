// Package report holds the kinds that write reports. A kind reads gathered metrics, makes a report
// of them with package internal/report, and writes it in several forms.
package report

import (
	"context"
	"fmt"
	"io"
	"slices"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/internal/report/grid"
	"foil/pipeline"
)

// readGathered reads the metrics of the gathered stages in from, which the report uses. It adds a
// note about each of the others. user is the part of a report that names a stage, such as "column".
func readGathered(ctx context.Context, cell *pipeline.Cell, from []string, user string) (map[string][]report.Cell, error) {
	gathered := map[string][]report.Cell{}
	for name, cells := range cell.Gathered {
		gathered[name] = nil
		if !slices.Contains(from, name) {
			cell.Note("%s is gathered, but no %s uses it", name, user)
			continue
		}
		for _, g := range cells {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, err := readCell(g)
			if err != nil {
				return nil, fmt.Errorf("%s%s: %w", name, pipeline.AxesText(g.Axes), err)
			}
			gathered[name] = append(gathered[name], c)
		}
	}
	return gathered, nil
}

func readCell(g pipeline.GatheredCell) (report.Cell, error) {
	c := report.Cell{Digest: g.Artifact.Digest()}
	for _, a := range g.Axes {
		c.Axes = append(c.Axes, report.Axis{Name: a.Axis, Value: a.Value})
	}
	path, err := g.Artifact.Path(artifact.MetricsFile)
	if err != nil {
		return c, err
	}
	c.Metrics, err = artifact.ReadMetrics(path)
	return c, err
}

// A form is a file that a report is written to. The first form of a kind is for the terminal.
type form struct {
	name, doc string
	write     func(io.Writer, *grid.Report) error
}

func docs(forms []form) []pipeline.FileDoc {
	var all []pipeline.FileDoc
	for _, f := range forms {
		all = append(all, pipeline.FileDoc{Name: f.name, Doc: f.doc})
	}
	return all
}

func writeForms(cell *pipeline.Cell, forms []form, r *grid.Report) error {
	for _, f := range forms {
		if err := artifact.WriteFile(cell.Create, f.name, func(w io.Writer) error { return f.write(w, r) }); err != nil {
			return err
		}
	}
	return nil
}
