package main

import (
	"bytes"
	"encoding/csv"
	"path/filepath"
	"strconv"

	"foil/internal/store"
	"foil/pipeline"
)

// costsFile lies beside a published report, too: what its cells took when they were
// made, which no report tells, since it differs from run to run.
const costsFile = "costs.csv"

// cellCosts are the records of the cells of a run, in its order.
type cellCosts []cost

type cost struct {
	cell   string
	record *store.Record
}

func newCosts(result *pipeline.Result) (c cellCosts) {
	for _, o := range result.Outcomes {
		if o.Record != nil {
			c = append(c, cost{o.Node.ID, o.Record})
		}
	}
	return c
}

// write writes a line for each figure: seconds by the clock and of processors, the
// memory at its peak, and what the cell has timed itself, such as an epoch.
func (c cellCosts) write(dir string) error {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	lines := [][]string{{"cell", "figure", "unit", "value"}}
	for _, cost := range c {
		r := cost.record
		add := func(figure, unit string, v float64) {
			lines = append(lines, []string{cost.cell, figure, unit, strconv.FormatFloat(v, 'g', 6, 64)})
		}
		add("wall", "s", r.WallSeconds)
		if r.CPUSeconds > 0 {
			add("cpu", "s", r.CPUSeconds)
		}
		if r.PeakMemory > 0 {
			add("peak memory", "MiB", float64(r.PeakMemory)/(1<<20))
		}
		for _, t := range r.Timings {
			add(t.Name, "s", t.Seconds)
		}
	}
	if err := out.WriteAll(lines); err != nil {
		return err
	}
	_, err := writeIfChanged(filepath.Join(dir, costsFile), text.Bytes())
	return err
}
