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
	"foil/models/backend"
	"foil/pipeline"
)

// libraries are those that compute statistics.
var libraries = []string{backend.Module("gonum.org/v1/gonum")}

// readGathered reads the metrics of the gathered stages in from, which the report uses. Outcomes are
// read later, where a number needs them. It adds a note about each of the other stages. user is the
// part of a report that names a stage, such as "column".
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
			c, err := readCell(ctx, g)
			if err != nil {
				return nil, fmt.Errorf("%s%s: %w", name, pipeline.AxesText(g.Axes), err)
			}
			gathered[name] = append(gathered[name], c)
		}
	}
	return gathered, nil
}

func readCell(ctx context.Context, g pipeline.GatheredCell) (report.Cell, error) {
	c := report.Cell{Digest: g.Artifact.Digest()}
	for _, a := range g.Axes {
		c.Axes = append(c.Axes, report.Axis{Name: a.Axis, Value: a.Value})
	}
	path, err := g.Artifact.Path(artifact.MetricsFile)
	if err != nil {
		return c, err
	}
	if g.Artifact.Has(artifact.OutcomesFile) {
		c.Outcomes = func() (*artifact.Outcomes, error) { return readOutcomes(ctx, g.Artifact) }
	}
	if c.Metrics, err = artifact.ReadMetrics(path); err == nil && g.Artifact.Has(artifact.NotesFile) {
		c.Notes, err = artifact.ReadNotes(g.Artifact.Path)
	}
	return c, err
}

// readOutcomes reads the results of each user or image. A report does that for cells whose numbers
// need them.
func readOutcomes(ctx context.Context, a pipeline.Artifact) (*artifact.Outcomes, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := a.Path(artifact.OutcomesFile)
	if err != nil {
		return nil, err
	}
	o, err := artifact.ReadOutcomes(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", artifact.OutcomesFile, err)
	}
	return o, nil
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
