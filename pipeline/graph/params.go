package graph

import (
	"errors"

	"foil/pipeline"
	"foil/spec"
)

// readParameters sets the parameters and the seed of a stage's cells.
func (b *builder) readParameters(s *stageCells) {
	read := map[string]*pipeline.Parameters{} // by the text of the given parameters
	for _, n := range s.nodes {
		axes := make(map[string]spec.Value, len(n.Axes))
		for _, a := range n.Axes {
			axes[a.Axis] = a.Value
		}
		b.readSeed(n, axes)
		with, err := s.stage.With.Resolve(axes)
		if err != nil {
			b.add(err)
			continue
		}
		n.With = with
		if s.kind == nil {
			continue
		}
		text := with.String()
		if read[text] == nil {
			params, err := s.kind.Decode(with)
			b.add(err)
			if err != nil {
				params = &pipeline.Parameters{} // errors are reported once
			}
			read[text] = params
			if err == nil {
				b.checkInputs(s, with, params.Values)
			}
		}
		n.Params = read[text]
	}
}

// checkInputs lets a kind compare its parameters with the inputs of the stage.
func (b *builder) checkInputs(s *stageCells, with spec.Value, values any) {
	var inputs []pipeline.Input
	add := func(need spec.Need, gathered bool) {
		in := pipeline.Input{Name: need.Name, Gathered: gathered, Axes: map[string][]spec.Value{}}
		for _, a := range b.stages[need.Stage].axes {
			in.Axes[a.name] = a.values
		}
		inputs = append(inputs, in)
	}
	for _, need := range s.stage.Needs {
		add(need, false)
	}
	for _, need := range s.stage.Gather {
		add(need, true)
	}
	s.kind.CheckInputs(values, inputs, spec.ReportTo(func(path, message string) {
		b.at(with.At(path), "%s: %s", path, message)
	}))
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
