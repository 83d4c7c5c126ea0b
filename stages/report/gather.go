package report

import (
	"context"
	"fmt"
	"slices"

	"foil/internal/tables"
	"foil/pipeline"
	"foil/results"
)

// readGathered reads the metrics of all that a report shows something of: what is
// from one of some names. Who shows it (a column) is for the note on the others.
func readGathered(ctx context.Context, cell *pipeline.Cell, from []string, who string) (map[string][]results.Cell, error) {
	gathered := map[string][]results.Cell{}
	for name, cells := range cell.Gathered {
		gathered[name] = nil
		if !slices.Contains(from, name) {
			cell.Note("%s is gathered, but no %s is from it", name, who)
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

func readCell(g pipeline.GatheredCell) (results.Cell, error) {
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
