package pipeline

import (
	"errors"
	"fmt"

	"foil/spec"
)

// parameters are those of one or more cells that are given the same.
type parameters struct {
	values    any    // what Kind.Params returned, filled
	canonical string // for the key
}

// readParameters fills parameters and seed of a stage's cells.
func (b *builder) readParameters(s *stageCells) {
	read := map[string]*parameters{} // by what is given
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
		n.with = with
		if s.kind == nil {
			continue
		}
		text := with.String()
		if read[text] == nil {
			values, err := s.kind.decode(with)
			b.add(err)
			read[text] = &parameters{values: values}
			if err == nil && values != nil {
				read[text].canonical = spec.Canonical(values)
				b.checkInputs(s, with, values)
			}
		}
		n.params = read[text]
	}
}

// checkInputs lets a kind compare its parameters with what the stage is given.
func (b *builder) checkInputs(s *stageCells, with spec.Value, values any) {
	if s.kind.CheckInputs == nil {
		return
	}
	var inputs []Input
	add := func(need spec.Need, gathered bool) {
		in := Input{Name: need.Name, Gathered: gathered, Axes: map[string][]spec.Value{}}
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
	s.kind.CheckInputs(values, inputs, func(path, format string, args ...any) {
		b.at(with.At(path), "%s: %s", path, fmt.Sprintf(format, args...))
	})
}

// A settler is a struct of parameters of which some say what others mean. Settle
// fills in what follows from them, and clears what has no effect beside them, so
// that it is not part of the key.
type settler interface{ Settle() }

// decode reads parameters into a new struct.
func (k *Kind) decode(with spec.Value) (any, error) {
	if k.Params == nil {
		if len(with.Map) > 0 {
			f := with.Map[0]
			return nil, spec.Errors{{Pos: f.NamePos, Msg: k.Name + " takes no parameters"}}
		}
		return nil, nil
	}
	p := k.Params()
	err := spec.Decode(with, p)
	if s, ok := p.(settler); ok && err == nil {
		s.Settle()
	}
	return p, err
}

// seedAxis is the axis that repeats cells with other random numbers.
const seedAxis = "seed"

// readSeed takes a cell's seed from its axis, its stage or its spec.
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
			b.at(own.Pos, "seed has to be a whole number that is 0 or larger, not %s", v)
			return
		}
		seed = v
	}
	if v, ok := axes[seedAxis]; ok {
		switch {
		case v.Type != spec.Int || v.Int < 0:
			b.at(v.Pos, "axis %q takes whole numbers that are 0 or larger, not %s", seedAxis, v)
			return
		case hasOwn && !v.Equal(seed):
			b.at(own.Pos, "stage %q has a seed of its own, and cells with other ones on the axis %q; leave one of them out", n.Stage.Name, seedAxis)
			return
		}
		seed = v
	}
	n.Seed = uint64(seed.Int)
}

// add takes over the errors of package spec.
func (b *builder) add(err error) {
	var errs spec.Errors
	if errors.As(err, &errs) {
		b.errs = append(b.errs, errs...)
	} else if err != nil {
		b.at(spec.Pos{File: b.spec.File}, "%v", err)
	}
}
