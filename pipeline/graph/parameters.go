package graph

import (
	"fmt"
	"strings"

	"foil/pipeline"
	"foil/spec"
)

// readParameters sets the parameters and the seed of a stage's cells, and what is known about their
// outputs.
func (b *builder) readParameters(s *stageCells) {
	r := b.newReader(s)
	for _, n := range s.nodes {
		axes := n.settings()
		b.readSeed(n, axes)
		with, err := s.stage.With.Resolve(axes)
		b.add(err)
		n.Params = r.read(with)
		n.facts = r.facts(n)
	}
}

// checkParameters reports errors in the parameters of a stage whose cells are not known. Parameters
// that depend on an unknown axis are left out.
func (b *builder) checkParameters(s *stageCells) {
	var axes []axis
	for _, a := range s.stage.Matrix {
		axes = append(axes, newAxis(a))
	}
	for _, n := range s.stage.Needs {
		if from := b.stages[n.Stage]; from != nil && !from.broken {
			axes = append(axes, from.axes...)
		}
	}
	r := b.newReader(s)
	for _, point := range somePoints(axes) {
		with, err := s.stage.With.ResolveKnown(point)
		b.add(err)
		r.read(with)
	}
}

// somePoints are the first points of a product of axes. Errors are usually found in the first one.
func somePoints(axes []axis) []map[string]spec.Value {
	const most = 1000
	points := []map[string]spec.Value{{}}
	for _, a := range axes {
		var next []map[string]spec.Value
		for _, p := range points {
			for _, v := range a.values {
				if len(next) == most {
					break
				}
				q := map[string]spec.Value{a.name: a.setting(v)}
				for name, v := range p {
					q[name] = v
				}
				next = append(next, q)
			}
		}
		points = next
	}
	return points
}

// A paramReader decodes the parameters of a stage's cells, equal ones once.
type paramReader struct {
	*builder
	stage  *stageCells
	known  map[string]*pipeline.Parameters // by the text of the given parameters
	inputs []pipeline.Input                // made when they are needed
	found  map[string]*pipeline.Facts      // by the parameters and the facts of the needs
}

func (b *builder) newReader(s *stageCells) *paramReader {
	return &paramReader{builder: b, stage: s, known: map[string]*pipeline.Parameters{}, found: map[string]*pipeline.Facts{}}
}

// read decodes parameters and reports what is wrong with them. After an error they have no values.
func (r *paramReader) read(with spec.Value) *pipeline.Parameters {
	if r.stage.kind == nil {
		return &pipeline.Parameters{}
	}
	text := with.String()
	if p := r.known[text]; p != nil {
		return p
	}
	params, err := r.stage.kind.Decode(with)
	r.add(err)
	if err != nil || with.Incomplete() {
		params = &pipeline.Parameters{}
	} else {
		r.checkInputs(with, params.Values)
	}
	r.known[text] = params
	return params
}

// checkInputs lets a kind compare its parameters with the inputs of the stage.
func (r *paramReader) checkInputs(with spec.Value, values any) {
	if r.inputs == nil {
		for _, need := range r.stage.stage.Needs {
			r.inputs = append(r.inputs, r.input(need, false))
		}
		for _, need := range r.stage.stage.Gather {
			r.inputs = append(r.inputs, r.input(need, true))
		}
	}
	r.stage.kind.CheckInputs(values, r.inputs, spec.ReportTo(func(path, message string) {
		r.at(with.At(path), "%s: %s", path, message)
	}))
	stage := r.stage.stage
	r.stage.kind.CheckFacts(values, r.inputs, spec.ReportTo(func(path, message string) {
		r.graph.doubts = append(r.graph.doubts, doubt{stage, &spec.Error{Pos: with.At(path), Msg: path + ": " + message}})
	}), spec.ReportTo(func(path, message string) {
		r.note(with.At(path), "%s: %s", path, message)
	}))
}

// input is what a kind is told about an input while the spec is checked.
func (b *builder) input(need spec.Need, gathered bool) pipeline.Input {
	in := pipeline.Input{Name: need.Name, Gathered: gathered, Axes: map[string][]spec.Value{}, Varied: b.spec.Varied}
	from := b.stages[need.Stage]
	if from == nil || from.broken {
		in.Unknown = true
		return in
	}
	for _, a := range from.axes {
		in.Axes[a.name] = a.values
	}
	for _, n := range from.nodes {
		in.Cells = append(in.Cells, pipeline.InputCell{Axes: n.Axes, Facts: n.facts})
	}
	return in
}

// facts is what is known about the output of a node.
func (r *paramReader) facts(n *Node) *pipeline.Facts {
	if n.Params.Values == nil {
		return nil
	}
	needs := map[string]*pipeline.Facts{}
	var id strings.Builder
	fmt.Fprintf(&id, "%p", n.Params)
	for _, in := range n.Inputs {
		if !in.Gathered {
			needs[in.Name] = in.From[0].facts
			fmt.Fprintf(&id, " %p", in.From[0].facts)
		}
	}
	f, ok := r.found[id.String()]
	if !ok {
		f = n.Kind.Facts(n.Params.Values, needs)
		r.found[id.String()] = f
	}
	return f
}
