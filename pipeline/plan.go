package pipeline

import (
	"context"
	"errors"

	"foil/internal/digest"
	"foil/internal/store"
)

// A State is what is known of a cell before anything runs.
type State int

const (
	Hit     State = iota // it is in the cache
	Miss                 // it will run
	Unknown              // its key depends on the output of a cell that will run
)

func (s State) String() string { return [...]string{"hit", "miss", "unknown"}[s] }

// A PlannedCell is a node with what is known of it before anything runs.
type PlannedCell struct {
	Node   *Node
	State  State
	Reason string // why it is no hit: "never made", "depends on model[fold=0]", ...

	// Key and KeyText are empty for Unknown.
	Key     digest.Key
	KeyText string

	Record *store.Record // of a hit
	SameAs *Node         // a node before it that does the same work; nil: none

	sources  []Source
	artifact digest.Digest // of a hit
}

// A Plan says what a run would do.
type Plan struct {
	Graph *Graph
	Cells []*PlannedCell // in the order of Graph.Nodes

	Hits, Misses, Unknown int

	opts Options
}

// Sources are what the cell reads from outside the pipeline.
func (c *PlannedCell) Sources() []Source { return c.sources }

// Plan looks up every cell, as far as its key is known: the key of a cell that
// needs a miss depends on what that one will make. It changes nothing.
func (g *Graph) Plan(ctx context.Context, opts Options) (*Plan, error) {
	p := &planner{
		plan:    &Plan{Graph: g, opts: opts.withDefaults()},
		cells:   make(map[*Node]*PlannedCell, len(g.Nodes)),
		sources: map[string]sourced{},
		owners:  map[digest.Key]*Node{},
	}
	var errs []error
	for _, n := range g.Nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := p.cell(ctx, n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.plan.add(c)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return p.plan, nil
}

func (p *Plan) add(c *PlannedCell) {
	p.Cells = append(p.Cells, c)
	switch c.State {
	case Hit:
		p.Hits++
	case Miss:
		p.Misses++
	case Unknown:
		p.Unknown++
	}
}

// A planner walks a graph in the order of its nodes.
type planner struct {
	plan    *Plan
	cells   map[*Node]*PlannedCell
	sources map[string]sourced
	owners  map[digest.Key]*Node
}

// sourced is what Kind.Sources said, once for equal parameters.
type sourced struct {
	sources []Source
	err     error
}

// cell plans a node. An error that equal cells share is returned for the first.
func (p *planner) cell(ctx context.Context, n *Node) (*PlannedCell, error) {
	c := &PlannedCell{Node: n}
	p.cells[n] = c
	var err error
	if c.sources, err = p.findSources(ctx, n); err != nil {
		return nil, err
	}
	if missing := p.missing(n); missing != nil {
		c.State, c.Reason = Unknown, "depends on "+missing.ID
		return c, nil
	}
	c.KeyText = keyText(n, p.plan.opts.Backend, c.sources, func(from *Node) digest.Digest { return p.cells[from].artifact })
	c.Key = digest.KeyOf(c.KeyText)
	c.Record, c.Reason, err = p.plan.opts.Cache.Lookup(c.Key)
	switch owner := p.owners[c.Key]; {
	case err != nil:
		return nil, &CellError{Node: n, Err: err}
	case c.Record != nil:
		c.State, c.artifact = Hit, artifactOf(c.Record, nil).Digest()
	case owner != nil:
		c.State, c.SameAs, c.Reason = Miss, owner, "the same work as "+owner.ID
	default:
		c.State = Miss
	}
	if p.owners[c.Key] == nil {
		p.owners[c.Key] = n
	}
	return c, nil
}

// missing returns the first cell that has to run before the key of n is known.
func (p *planner) missing(n *Node) *Node {
	for _, in := range n.Inputs {
		for _, from := range in.From {
			if c := p.cells[from]; c.State != Hit || c.Record == nil {
				return from
			}
		}
	}
	return nil
}

func (p *planner) findSources(ctx context.Context, n *Node) ([]Source, error) {
	if n.Kind.Sources == nil {
		return nil, nil
	}
	id := n.Kind.Name + "\n" + n.with.String()
	known, ok := p.sources[id]
	if !ok {
		env := *p.plan.opts.Env
		env.Files = p.plan.Graph.Files
		known.sources, known.err = n.Kind.Sources(ctx, &env, n.params.Values)
		p.sources[id] = known
		if known.err != nil {
			return nil, &CellError{Node: n, Err: known.err}
		}
	}
	return known.sources, nil
}

// artifactOf returns the artifact that a record names.
func artifactOf(r *store.Record, open func(File) (string, error)) Artifact {
	a := Artifact{Files: make([]File, len(r.Outputs)), Open: open}
	for i, f := range r.Outputs {
		a.Files[i] = File(f)
	}
	return a
}
