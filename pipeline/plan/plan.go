package plan

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// A State is the state of a cell before anything runs.
type State int

const (
	Hit     State = iota // it is in the cache
	Miss                 // it will run
	Unknown              // its key depends on the output of a cell that will run
)

func (s State) String() string { return [...]string{"hit", "miss", "unknown"}[s] }

// A Cell is a node with its state before anything runs.
type Cell struct {
	Node   *graph.Node
	State  State
	Reason string // why it is not a hit: "never made", "depends on model[fold=0]", ...

	NeverMade bool // the store has no record of the key

	Key digest.Key // empty for Unknown; see Plan.Lines

	Record *store.Record // of a hit
	SameAs *graph.Node   // an earlier node that does the same work; nil: none

	Sources []pipeline.Source // data from outside the pipeline
	Content digest.Digest     // of a hit's artifact
}

// A Plan is the state of all cells before a run.
type Plan struct {
	Graph *graph.Graph
	Cells []*Cell // in the order of Graph.Nodes

	Hits, Misses, Unknown int

	Options Options // with defaults

	of map[*graph.Node]*Cell
}

// Cell is the cell of a node.
func (p *Plan) Cell(n *graph.Node) *Cell { return p.of[n] }

// Lines are the lines of the key of a cell. The content of an input that is not known yet is the
// zero digest. They are made at each call: those of a million cells would need half a gigabyte.
func (p *Plan) Lines(c *Cell) digest.KeyLines {
	return KeyLines(c.Node, p.Options.Numeric, c.Sources, func(from *graph.Node) digest.Digest { return p.of[from].Content })
}

// New looks up every cell whose key is known. The key of a cell is not known if a dependency is a
// miss. New changes nothing.
func New(ctx context.Context, g *graph.Graph, opts Options) (*Plan, error) {
	p := &planner{
		plan: &Plan{
			Graph: g, Options: opts.withDefaults(), Cells: make([]*Cell, 0, len(g.Nodes)), of: make(map[*graph.Node]*Cell, len(g.Nodes)),
		},
		sources: map[string]sourced{},
		owners:  map[digest.Key]*Cell{},
	}
	distant, _ := p.plan.Options.Store.(store.Distant)
	var errs []error
	for i, n := range g.Nodes {
		if distant != nil {
			p.expect(ctx, distant, g.Nodes[i:])
		}
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

func (p *Plan) add(c *Cell) {
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
	sources map[string]sourced
	owners  map[digest.Key]*Cell // the first cell of each key

	expected map[*graph.Node]bool // nodes whose keys a distant store was told
}

// sourced is the result of Kind.Sources, called once for equal parameters.
type sourced struct {
	sources []pipeline.Source
	err     error
}

// cell plans a node. An error that equal cells share is returned for the first.
func (p *planner) cell(ctx context.Context, n *graph.Node) (*Cell, error) {
	c := &Cell{Node: n}
	p.plan.of[n] = c
	var err error
	if c.Sources, err = p.findSources(ctx, n); err != nil {
		return nil, err
	}
	if missing := p.missing(n); missing != nil {
		c.State, c.Reason = Unknown, "depends on "+missing.ID
		return c, nil
	}
	c.Key = p.plan.Lines(c).Key()
	if owner := p.owners[c.Key]; owner != nil {
		c.State, c.Record, c.Content, c.Reason, c.NeverMade = owner.State, owner.Record, owner.Content, owner.Reason, owner.NeverMade
		if owner.State == Miss {
			c.SameAs, c.Reason = owner.Node, "the same work as "+owner.Node.ID
		}
		return c, nil
	}
	p.owners[c.Key] = c
	record, miss, err := p.plan.Options.Store.Lookup(ctx, c.Key)
	if err != nil {
		return nil, &pipeline.CellError{Cell: n.ID, Kind: n.Kind.Name, Err: err}
	}
	c.State, c.Record, c.Reason, c.NeverMade = Miss, record, miss.Reason, miss.NeverMade
	if record != nil {
		c.State, c.Content = Hit, ArtifactOf(record, nil).Digest()
	}
	return c, nil
}

// expect tells a distant store the keys of all nodes whose dependencies are planned, if it was not
// told that of the first.
func (p *planner) expect(ctx context.Context, s store.Distant, rest []*graph.Node) {
	if p.expected[rest[0]] {
		return
	}
	if p.expected == nil {
		p.expected = map[*graph.Node]bool{}
	}
	var keys []digest.Key
	for _, n := range rest {
		if p.expected[n] || slices.ContainsFunc(n.Needs(), func(from *graph.Node) bool { return p.plan.of[from] == nil }) {
			continue
		}
		p.expected[n] = true
		sources, err := p.findSources(ctx, n)
		if err == nil && p.missing(n) == nil {
			keys = append(keys, p.lines(n, sources).Key())
		}
	}
	s.Expect(ctx, keys)
}

// lines are the key lines of a node whose dependencies are hits.
func (p *planner) lines(n *graph.Node, sources []pipeline.Source) digest.KeyLines {
	return KeyLines(n, p.plan.Options.Numeric, sources, func(from *graph.Node) digest.Digest { return p.plan.of[from].Content })
}

// missing returns the first cell that must run before the key of n is known.
func (p *planner) missing(n *graph.Node) *graph.Node {
	for _, in := range n.Inputs {
		for _, from := range in.From {
			if c := p.plan.of[from]; c.State != Hit || c.Record == nil {
				return from
			}
		}
	}
	return nil
}

func (p *planner) findSources(ctx context.Context, n *graph.Node) ([]pipeline.Source, error) {
	if !n.Kind.ReadsSources() {
		return nil, nil
	}
	id := n.Kind.Name + "\n" + n.With().String()
	known, ok := p.sources[id]
	if !ok {
		env := *p.plan.Options.Env
		env.Files = p.plan.Graph.Files
		known.sources, known.err = n.Kind.Sources(ctx, &env, n.Params.Values)
		p.sources[id] = known
		if known.err != nil {
			return nil, &pipeline.CellError{Cell: n.ID, Kind: n.Kind.Name, Err: known.err}
		}
	}
	return known.sources, nil
}

// ArtifactOf returns the artifact that a record names.
func ArtifactOf(r *store.Record, open func(digest.File) (string, error)) pipeline.Artifact {
	return pipeline.Artifact{Files: r.Outputs, Open: open}
}

// Options configure a plan. Only Numeric enters keys.
type Options struct {
	Store   store.Store
	Env     *pipeline.Env // for kinds that read data from outside the pipeline; nil: an empty one
	Numeric Numeric       // backend of numeric kinds
	Cores   int           // threads of a cell whose stage does not set cores; 0: one
}

func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = &pipeline.Env{}
	}
	if o.Cores <= 0 {
		o.Cores = 1
	}
	return o
}

// A Numeric is the backend of numeric kinds.
type Numeric struct {
	Backend string // in GoMLX's notation: "go", "xla:cpu", ...
	Library string // the libraries of the backend, with their versions
}

// KeyLines describes the work of a node: kind, parameters, seed, backend and the content of its
// inputs. It contains no stage names, paths, hosts, users and times, so that the same work has the
// same key everywhere. content returns the digest of a node's artifact.
func KeyLines(n *graph.Node, with Numeric, sources []pipeline.Source, content func(*graph.Node) digest.Digest) digest.KeyLines {
	k := digest.NewKeyLines(n.Kind.Name, n.Kind.Version)
	k = slices.Grow(k, strings.Count(n.Params.Canonical, "\n")+len(sources)+len(n.Inputs)+3) // gathers need more
	add := func(part digest.Part, name, value string) {
		k = append(k, digest.KeyLine{Part: part, Name: name, Value: value})
	}
	for line := range strings.Lines(n.Params.Canonical) {
		k = append(k, digest.ParameterLine(strings.TrimSuffix(line, "\n")))
	}
	if n.Kind.Draws {
		add(digest.PartSeed, "", strconv.FormatUint(n.Seed, 10))
	}
	var libraries []string
	if n.Kind.Numeric {
		add(digest.PartBackend, "", strconv.Quote(with.Backend))
		if with.Library != "" {
			libraries = append(libraries, with.Library)
		}
	}
	if libraries = append(libraries, n.Kind.Libraries...); len(libraries) > 0 {
		add(digest.PartLibrary, "", strconv.Quote(strings.Join(libraries, ", ")))
	}
	for _, s := range sources {
		if s.Version != "" {
			add(digest.PartPackage, s.Name, strconv.Quote(s.Version))
		}
	}
	for _, s := range sources {
		if s.Version == "" {
			add(digest.PartSource, s.Name, s.Digest.String())
		}
	}
	for _, in := range n.Inputs {
		if !in.Gathered {
			add(digest.PartInput, in.Name, content(in.From[0]).String())
			continue
		}
		add(digest.PartGather, in.Name, strconv.Itoa(len(in.From)))
		for _, from := range in.From {
			add(digest.PartInput, in.Name+gatheredAxes(from), content(from).String())
		}
	}
	return k
}

// ID names the plan of a graph, whatever its data and results are: it is known before any cell is.
// The manifest of a remote has this name.
func ID(g *graph.Graph, with Numeric) digest.Key {
	recipes := make(map[*graph.Node]digest.Digest, len(g.Nodes))
	var lines []string
	for _, n := range g.Nodes {
		recipes[n] = digest.Digest(KeyLines(n, with, nil, func(from *graph.Node) digest.Digest { return recipes[from] }).Key())
		lines = append(lines, recipes[n].String())
	}
	slices.Sort(lines)
	return digest.Key(digest.Of([]byte("foil plan 1\n" + strings.Join(slices.Compact(lines), "\n"))))
}

// gatheredAxes writes the coordinates of a gathered cell, or "[]" if it has none.
func gatheredAxes(n *graph.Node) string {
	if len(n.Axes) == 0 {
		return "[]"
	}
	return pipeline.AxesText(n.Axes)
}
