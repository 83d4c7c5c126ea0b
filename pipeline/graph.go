package pipeline

import (
	"fmt"
	"io/fs"
	"strings"

	"foil/spec"
)

// A Graph is a spec whose stages have become cells.
type Graph struct {
	Spec  *spec.Spec
	Nodes []*Node // what a node needs stands before it
	Files fs.FS   // what lies beside the spec, for kinds that read from there; nil: nothing
	Whole *Graph  // that this one is a part of (Select); nil: it is whole
}

// A Node is a cell in the graph: a stage at one point of its axes.
type Node struct {
	ID     string // "model[age=200,fold=0]"
	Stage  *spec.Stage
	Kind   *Kind
	Output Type        // of the artifact
	Axes   []AxisValue // sorted by name
	Seed   uint64
	Inputs []NodeInput // needs before gathers, each sorted by name

	with   spec.Value // parameters as given, without expressions
	params *Parameters
}

// A NodeInput is an input with the nodes that fill it: one for a need, all
// cells of a stage for a gather.
type NodeInput struct {
	Name     string
	Gathered bool
	From     []*Node
}

// Build makes the graph of a spec: it checks the wiring against the kinds,
// joins the axes and reads the parameters of every cell. The error is
// spec.Errors and holds all that is wrong, but for what spec.Parse has reported:
// of stages that it marked as broken only the kind is looked up.
func Build(s *spec.Spec, kinds []Kind) (*Graph, error) {
	b := &builder{spec: s, kinds: map[string]*Kind{}, stages: map[string]*stageCells{}}
	for i := range kinds {
		b.kinds[kinds[i].Name] = &kinds[i]
		b.kindNames = append(b.kindNames, kinds[i].Name)
	}
	for _, stage := range s.Stages {
		kind := b.kinds[stage.Uses]
		b.stages[stage.Name] = &stageCells{stage: stage, kind: kind, output: b.outputType(stage, kind)}
		b.stageNames = append(b.stageNames, stage.Name)
	}
	for _, stage := range s.Stages {
		b.checkWiring(stage)
	}
	g := &Graph{Spec: s}
	for _, stage := range s.Stages {
		b.expand(b.stages[stage.Name], g)
	}
	if err := s.Report(b.errs); err != nil {
		return nil, err
	}
	return g, nil
}

// A builder collects the cells of a spec, and all that is wrong with it.
type builder struct {
	spec       *spec.Spec
	kinds      map[string]*Kind
	kindNames  []string
	stages     map[string]*stageCells
	stageNames []string
	errs       spec.Errors
}

// stageCells is a stage while the graph is built.
type stageCells struct {
	stage   *spec.Stage
	kind    *Kind // nil when unknown
	output  Type  // empty when unknown
	started bool
	axes    []axis // sorted by name
	nodes   []*Node
	broken  bool // the cells are not known because of what has been reported
}

// expand makes the cells of a stage, after those of the stages it needs.
func (b *builder) expand(s *stageCells, g *Graph) {
	if s.started {
		return
	}
	s.started = true
	if s.broken = s.stage.Broken; s.broken {
		return
	}
	inputs := append(append([]spec.Need(nil), s.stage.Needs...), s.stage.Gather...)
	for _, n := range inputs {
		from := b.stages[n.Stage]
		if from == nil {
			s.broken = true // reported by spec, or by checkWiring
			continue
		}
		b.expand(from, g)
		s.broken = s.broken || from.broken
	}
	if s.broken {
		return
	}
	before := len(b.errs)
	rows := b.join(s)
	if s.broken = len(b.errs) > before; s.broken {
		return
	}
	for _, r := range rows {
		s.nodes = append(s.nodes, b.node(s, r))
	}
	b.readParameters(s)
	g.Nodes = append(g.Nodes, s.nodes...)
}

// node makes the cell of a row.
func (b *builder) node(s *stageCells, r row) *Node {
	n := &Node{ID: s.stage.Name + AxesText(r.axes), Stage: s.stage, Kind: s.kind, Output: s.output, Axes: r.axes}
	for i, need := range sortedNeeds(s.stage.Needs) {
		n.Inputs = append(n.Inputs, NodeInput{Name: need.Name, From: r.from[i : i+1 : i+1]})
	}
	for _, need := range sortedNeeds(s.stage.Gather) {
		n.Inputs = append(n.Inputs, NodeInput{Name: need.Name, Gathered: true, From: b.stages[need.Stage].nodes})
	}
	return n
}

// AxesText writes coordinates the way cells are named: "[age=200,fold=0]", and
// nothing where there are none.
func AxesText(axes []AxisValue) string {
	if len(axes) == 0 {
		return ""
	}
	var b strings.Builder
	for i, a := range axes {
		b.WriteByte("[,"[min(i, 1)])
		b.WriteString(a.Axis)
		b.WriteByte('=')
		b.WriteString(a.Value.String())
	}
	b.WriteByte(']')
	return b.String()
}

func (b *builder) at(pos spec.Pos, format string, args ...any) {
	b.errs = append(b.errs, &spec.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// list writes words as "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
