package report

import (
	"context"
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/pipeline"
)

// readGathered reads the metrics of all that a report shows something of: what is
// from one of some names. Who shows it (a column) is for the note on the others.
func readGathered(ctx context.Context, cell *pipeline.Cell, from []string, who string) (map[string][]report.Cell, error) {
	gathered := map[string][]report.Cell{}
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
