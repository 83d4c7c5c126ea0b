package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/pipeline"
)

// A rerunner makes cells again that are in a cache.
type rerunner struct {
	out, err io.Writer
	cache    *disk.Cache
	spawn    pipeline.Spawn
}

// run draws n cells of an experiment, makes them again and compares.
func (r *rerunner) run(ctx context.Context, e *experimentFlags, f *cacheFlags, experiment string, n int) error {
	g, err := e.load(experiment)
	if err != nil {
		return err
	}
	opts, err := f.optionsFor(r.cache)
	if err != nil {
		return err
	}
	opts.Spawn = r.spawn
	plan, err := g.Plan(ctx, opts)
	if err != nil {
		return err
	}
	cells := drawCells(plan, n)
	if len(cells) == 0 {
		return fmt.Errorf("no cell of %s is in the cache; foil run makes them", g.Spec.Name)
	}
	different := 0
	for _, c := range cells {
		fmt.Fprintf(r.err, "again  %s, which took %s\n", c.Node.ID, duration(c.Record.Wall()))
		result, err := r.again(ctx, plan, c.Node)
		if err != nil {
			return err
		}
		if len(result.Differ) == 0 {
			fmt.Fprintf(r.out, "same       %s: %d files\n", c.Node.ID, len(result.New.Outputs))
			continue
		}
		different++
		fmt.Fprintf(r.out, "different  %s: %s (made before %s%s with foil %s)\n", c.Node.ID, strings.Join(result.Differ, ", "),
			timeText(result.Old.Started), onHost(result.Old.Host), result.Old.Foil)
	}
	fmt.Fprintf(r.out, "%d of %d cells in the cache were made again: %d came out different\n", len(cells), plan.Hits, different)
	if different > 0 {
		return errReported
	}
	return nil
}

// again makes a cell in a scratch folder: beside the cache if that can be
// written, so that objects need not be copied.
func (r *rerunner) again(ctx context.Context, plan *pipeline.Plan, n *pipeline.Node) (*pipeline.Comparison, error) {
	parent := ""
	if r.cache.Writable() == nil {
		parent = filepath.Join(r.cache.Dir(), "work")
	}
	dir, err := os.MkdirTemp(parent, "verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	scratch, err := disk.Open(dir)
	if err != nil {
		return nil, err
	}
	defer scratch.Close()
	return plan.Rerun(ctx, n, scratch)
}

// drawCells draws cells that are in the cache, each work once, and keeps the
// order of the plan.
func drawCells(plan *pipeline.Plan, n int) []*pipeline.PlannedCell {
	var hits []*pipeline.PlannedCell
	seen := map[digest.Key]bool{}
	for _, c := range plan.Cells {
		if c.State == pipeline.Hit && !seen[c.Key] {
			seen[c.Key] = true
			hits = append(hits, c)
		}
	}
	drawn := rand.Perm(len(hits))[:min(n, len(hits))]
	slices.Sort(drawn)
	cells := make([]*pipeline.PlannedCell, len(drawn))
	for i, j := range drawn {
		cells[i] = hits[j]
	}
	return cells
}
