package pipeline

import (
	"context"
	"fmt"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
)

// A Comparison holds what a cell made against what it makes now.
type Comparison struct {
	Node     *Node
	Old, New *store.Record
	Differ   []string // files that came out different, by name
}

// Rerun makes a cell again that is in the plan's cache, in a scratch cache that
// gets what it needs, and compares the outputs.
func (p *Plan) Rerun(ctx context.Context, n *Node, scratch *disk.Cache) (*Comparison, error) {
	g, err := p.Graph.Select([]string{n.ID})
	if err != nil {
		return nil, err
	}
	needed := map[*Node]bool{}
	for _, from := range g.Nodes {
		needed[from] = true
	}
	c := &Comparison{Node: n}
	for _, planned := range p.Cells {
		switch {
		case planned.Node == n && planned.State != Hit:
			return nil, fmt.Errorf("%s is not in the cache (%s)", n.ID, planned.Reason)
		case planned.Node == n:
			c.Old = planned.Record
		case needed[planned.Node]:
			if err := p.opts.Cache.CopyTo(scratch, planned.Record); err != nil {
				return nil, fmt.Errorf("%s, which %s needs: %w", planned.Node.ID, n.ID, err)
			}
		}
	}
	opts := p.opts
	opts.Cache = scratch
	again, err := g.Plan(ctx, opts)
	if err != nil {
		return nil, err
	}
	result, err := again.Execute(ctx)
	if err != nil {
		return nil, err
	}
	o := result.Of(n.ID)
	if o.Status != WasMade || o.Key != c.Old.Key {
		return nil, fmt.Errorf("%s was not made again (%s, key %s instead of %s)", n.ID, o.Status, o.Key.Short(), c.Old.Key.Short())
	}
	c.New = o.Record
	c.Differ = differentFiles(c.Old.Outputs, c.New.Outputs)
	return c, nil
}

// differentFiles names the files that only one of two lists has, or that differ.
func differentFiles(old, new []digest.File) []string {
	var names []string
	before := map[string]digest.Digest{}
	for _, f := range old {
		before[f.Name] = f.Digest
	}
	for _, f := range new {
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
