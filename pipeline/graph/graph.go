package graph

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"foil/pipeline"
	"foil/spec"
)

// A Graph is a spec whose stages have become cells.
type Graph struct {
	Spec  *spec.Spec
	Nodes []*Node     // every node comes after its dependencies
	Files fs.FS       // the folder of the spec, for kinds that read files from it; nil: no files
	Notes spec.Errors // possible mistakes in the spec that are no errors
	Whole *Graph      // the graph that this one is a part of (Select); nil: this is the whole graph

	doubts []doubt
}

// A doubt is an error that counts only if a cell of its stage is part of the graph.
type doubt struct {
	stage *spec.Stage
	err   *spec.Error
}

// Doubts lists what will stop cells of the graph, as far as that is known before they run. The error
// is spec.Errors.
func (g *Graph) Doubts() error {
	here := map[*spec.Stage]bool{}
	for _, n := range g.Nodes {
		here[n.Stage] = true
	}
	var errs spec.Errors
	for _, d := range g.doubts {
		if here[d.stage] {
			errs = append(errs, d.err)
		}
	}
	return g.Spec.Report(errs)
}

// A Node is a cell in the graph: a stage at one point of its axes.
type Node struct {
	ID     string // "model[age=200,fold=0]"
	Stage  *spec.Stage
	Kind   *pipeline.Kind
	Output pipeline.Type        // of the artifact
	Axes   []pipeline.AxisValue // sorted by name
	Seed   uint64
	Inputs []Input // needs before gathers, each sorted by name

	Params *pipeline.Parameters // decoded; nodes with equal parameters share them

	cells *stageCells     // of the same stage
	facts *pipeline.Facts // about the output; nil: nothing is known
}

// With is the parameters as given, without expressions. They are resolved at each call: a graph of a
// million nodes would need a gigabyte to keep them.
func (n *Node) With() spec.Value {
	with, _ := n.Stage.With.Resolve(n.settings()) // Build has reported the error
	return with
}

// settings are the values of the axes, as expressions see them.
func (n *Node) settings() map[string]spec.Value {
	settings := make(map[string]spec.Value, len(n.Axes))
	for i, a := range n.Axes {
		settings[a.Axis] = n.cells.axes[i].setting(a.Value)
	}
	return settings
}

// An Input is an input of a node, with the nodes that provide it: one node for a need, all cells of
// a stage for a gather.
type Input struct {
	Name     string
	Gathered bool
	From     []*Node
}

// Build makes the graph of a spec. It checks the wiring against the kinds, joins the axes and reads
// the parameters of every cell. The error is spec.Errors and holds all errors except those that
// spec.Parse has reported. With an error, the graph has the cells that are known, and cells whose
// parameters have an error have none.
func Build(s *spec.Spec, kinds []pipeline.Kind) (*Graph, error) {
	b := &builder{spec: s, graph: &Graph{Spec: s}, kinds: map[string]*pipeline.Kind{}, stages: map[string]*stageCells{}}
	for _, k := range kinds {
		inMode := k.In(s.Mode)
		b.kinds[k.Name] = &inMode
		b.kindNames = append(b.kindNames, k.Name)
	}
	for _, stage := range s.Stages {
		kind := b.kinds[stage.Uses]
		b.stages[stage.Name] = &stageCells{stage: stage, kind: kind, output: b.outputType(stage, kind)}
		b.stageNames = append(b.stageNames, stage.Name)
	}
	b.checkMode()
	for _, stage := range s.Stages {
		b.checkWiring(stage)
	}
	g := b.graph
	for _, stage := range s.Stages {
		b.expand(b.stages[stage.Name], g)
	}
	errors.As(s.Report(b.notes), &g.Notes)
	return g, s.Report(b.errs)
}

// A builder collects the cells and the errors of a spec.
type builder struct {
	spec       *spec.Spec
	graph      *Graph
	kinds      map[string]*pipeline.Kind
	kindNames  []string
	stages     map[string]*stageCells
	stageNames []string
	errs       spec.Errors
	notes      spec.Errors
}

// stageCells is the state of a stage while the graph is built.
type stageCells struct {
	stage   *spec.Stage
	kind    *pipeline.Kind // nil when unknown
	output  pipeline.Type  // empty when unknown
	started bool
	axes    []axis // sorted by name
	nodes   []*Node
	broken  bool // the cells are not known because of an error that has been reported
}

// checkMode reports a mode that no kind has, or that changes nothing because no stage has such a
// kind.
func (b *builder) checkMode() {
	mode := b.spec.Mode
	if mode == "" {
		return
	}
	var modes, with []string
	for _, name := range b.kindNames {
		modes = append(modes, b.kinds[name].Modes()...)
		if slices.Contains(b.kinds[name].Modes(), mode) {
			with = append(with, name)
		}
	}
	slices.Sort(modes)
	modes = slices.Compact(modes)
	switch {
	case len(with) == 0:
		b.at(b.spec.ModePos, "no mode %q%s", mode, spec.Suggestion(mode, modes))
	case !slices.ContainsFunc(b.spec.Stages, func(s *spec.Stage) bool { return b.kinds[s.Uses] == nil || slices.Contains(with, s.Uses) }):
		b.at(b.spec.ModePos, "mode %s changes nothing here: it sets defaults of %s, and no stage uses one of them", mode, strings.Join(with, ", "))
	}
}

// expand makes the cells of a stage, after the cells of its dependencies.
func (b *builder) expand(s *stageCells, g *Graph) {
	if s.started {
		return
	}
	s.started = true
	s.broken = s.stage.Broken
	for _, n := range append(append([]spec.Need(nil), s.stage.Needs...), s.stage.Gather...) {
		from := b.stages[n.Stage]
		if from == nil {
			s.broken = true // reported by spec, or by checkWiring
			continue
		}
		b.expand(from, g)
		s.broken = s.broken || from.broken
	}
	var rows []row
	if !s.broken {
		before := len(b.errs)
		rows = b.join(s)
		s.broken = len(b.errs) > before
	}
	if s.broken {
		b.checkParameters(s)
		return
	}
	needs, gather := sortedNeeds(s.stage.Needs), sortedNeeds(s.stage.Gather)
	s.nodes = make([]*Node, len(rows))
	for i, r := range rows {
		s.nodes[i] = b.node(s, r, needs, gather)
	}
	b.readParameters(s)
	g.Nodes = append(g.Nodes, s.nodes...)
}

// node makes the node of a row.
func (b *builder) node(s *stageCells, r row, needs, gather []spec.Need) *Node {
	n := &Node{ID: s.stage.Name + pipeline.AxesText(r.axes), Stage: s.stage, Kind: s.kind, Output: s.output, Axes: r.axes, cells: s}
	n.Inputs = make([]Input, 0, len(needs)+len(gather))
	for i, need := range needs {
		n.Inputs = append(n.Inputs, Input{Name: need.Name, From: r.from[i : i+1 : i+1]})
	}
	for _, need := range gather {
		n.Inputs = append(n.Inputs, Input{Name: need.Name, Gathered: true, From: b.stages[need.Stage].nodes})
	}
	return n
}

func (b *builder) at(pos spec.Pos, format string, args ...any) {
	b.errs = append(b.errs, &spec.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

func (b *builder) note(pos spec.Pos, format string, args ...any) {
	b.notes = append(b.notes, &spec.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// Needs lists the dependencies of n, each once.
func (n *Node) Needs() []*Node {
	var list []*Node
	seen := map[*Node]bool{}
	for _, in := range n.Inputs {
		for _, from := range in.From {
			if !seen[from] {
				seen[from] = true
				list = append(list, from)
			}
		}
	}
	return list
}

// seedAxis is the axis that repeats cells with different random numbers.
const seedAxis = "seed"

// readSeed takes a cell's seed from the seed axis, its stage or its spec.
func (b *builder) readSeed(n *Node, axes map[string]spec.Value) {
	seed := spec.Value{Type: spec.Int, Int: b.spec.Seed}
	own, hasOwn := n.Stage.Seed, n.Stage.Seed != nil
	if hasOwn {
		v, err := own.Resolve(axes)
		if err != nil {
			b.add(err)
			return
		}
		if v.Type != spec.Int || v.Int < 0 {
			b.at(own.Pos, "seed must be a whole number of at least 0, not %s", v)
			return
		}
		seed = v
	}
	if v, ok := axes[seedAxis]; ok {
		switch {
		case v.Type != spec.Int || v.Int < 0:
			b.at(v.Pos, "axis %q takes whole numbers of at least 0, not %s", seedAxis, v)
			return
		case hasOwn && !v.Equal(seed):
			b.at(own.Pos, "stage %q sets a seed and also has the axis %q; remove one of them", n.Stage.Name, seedAxis)
			return
		}
		seed = v
	}
	n.Seed = uint64(seed.Int)
}

// add adds errors of package spec.
func (b *builder) add(err error) {
	var errs spec.Errors
	if errors.As(err, &errs) {
		b.errs = append(b.errs, errs...)
	} else if err != nil {
		b.at(spec.Pos{File: b.spec.File}, "%v", err)
	}
}
