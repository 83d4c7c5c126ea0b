package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// A Comparison holds the record of a cell and the record of its rerun.
type Comparison struct {
	Node     *graph.Node
	Old, New *store.Record
	Differ   []string // files with different content, by name
}

// Draw draws at most n cells of the cache at random, each key once, and returns them in the order
// of the plan.
func (v *View) Draw(n int) ([]*plan.Cell, error) {
	var hits []*plan.Cell
	seen := map[digest.Key]bool{}
	for _, c := range v.Plan.Cells {
		if c.State == plan.Hit && !seen[c.Key] {
			seen[c.Key] = true
			hits = append(hits, c)
		}
	}
	if len(hits) == 0 {
		return nil, v.errNothingMade()
	}
	drawn := rand.Perm(len(hits))[:min(n, len(hits))]
	slices.Sort(drawn)
	cells := make([]*plan.Cell, len(drawn))
	for i, j := range drawn {
		cells[i] = hits[j]
	}
	return cells, nil
}

// Rerun makes a cell of the cache again, and compares the outputs. It copies the dependencies of
// the cell to a scratch cache and runs there, so the cache does not change.
func (v *View) Rerun(ctx context.Context, c *plan.Cell, r Running) (*Comparison, error) {
	if c.State != plan.Hit {
		return nil, fmt.Errorf("%s is not cached (%s)", c.Node.ID, c.Reason)
	}
	g, err := v.Plan.Graph.Select([]string{c.Node.ID})
	if err != nil {
		return nil, err
	}
	scratch, remove, err := v.scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := v.copyDependencies(ctx, g, c.Node, scratch); err != nil {
		return nil, err
	}
	opts := v.Plan.Options
	opts.Store = scratch
	again, err := plan.New(ctx, g, opts)
	if err != nil {
		return nil, err
	}
	result, err := (&View{Plan: again, Cache: scratch}).Run(ctx, r)
	if err != nil {
		return nil, err
	}
	o := result.Of(c.Node.ID)
	if o.Status != run.WasMade || o.Key != c.Key {
		return nil, fmt.Errorf("%s was not made again (%s, key %s instead of %s)", c.Node.ID, o.Status, o.Key.Short(), c.Key.Short())
	}
	return &Comparison{c.Node, c.Record, o.Record, DifferentFiles(c.Record.Outputs, o.Record.Outputs)}, nil
}

// scratch opens an empty cache. If possible, it is inside the folder of the real cache, because
// there is room, and some file systems copy a file within them without copying its content.
func (v *View) scratch() (c *disk.Cache, remove func(), err error) {
	dir, err := v.Cache.Scratch("verify-")
	if err != nil { // it is read-only
		dir, err = os.MkdirTemp("", "verify-")
	}
	if err != nil {
		return nil, nil, err
	}
	if c, err = disk.Open(dir); err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return c, func() {
		c.Close()
		os.RemoveAll(dir)
	}, nil
}

// copyDependencies copies the dependencies of n, which are the other nodes of g, to a scratch
// cache.
func (v *View) copyDependencies(ctx context.Context, g *graph.Graph, n *graph.Node, scratch *disk.Cache) error {
	needed := map[*graph.Node]bool{}
	for _, from := range g.Nodes {
		needed[from] = from != n
	}
	for _, c := range v.Plan.Cells {
		if !needed[c.Node] {
			continue
		}
		if err := v.Cache.CopyTo(ctx, scratch, c.Record); err != nil {
			return fmt.Errorf("%s, a dependency of %s: %w", c.Node.ID, n.ID, err)
		}
	}
	return nil
}

// DifferentFiles names the files that differ or that only one of two lists has.
func DifferentFiles(old, made []digest.File) []string {
	var names []string
	before := map[string]digest.Digest{}
	for _, f := range old {
		before[f.Name] = f.Digest
	}
	for _, f := range made {
		if before[f.Name] != f.Digest {
			names = append(names, f.Name)
		}
		delete(before, f.Name)
	}
	for _, f := range old {
		if _, left := before[f.Name]; left {
			names = append(names, f.Name)
		}
	}
	return names
}
