package l2l

import (
	"errors"
	"fmt"
	"slices"

	"foil/models/backend"
	"foil/models/nn"
)

// A State is everything that a training has changed. A training that is set to it and gets the same
// batches continues with exactly the same bits.
type State struct {
	Arrays []Array
	Steps  int // so far
}

// An Array is a named tensor of a State: "classifier.conv1.weight" is a weight or a running
// statistic, "classifier.velocity.conv1.weight" the velocity of SGD for it, "attacker.first.…" and
// "attacker.second.…" the moments of Adam.
type Array struct {
	Name  string
	Shape []int
	Data  []float32
}

// A Lookup returns the values of the Array with the given name and shape, or an error that says
// what is wrong with it.
type Lookup func(name string, shape []int) ([]float32, error)

// stateOf returns copies of the weights. The arrays of optimizers are not copied: they change with
// the next step.
func stateOf(steps int, learners ...learner) (State, error) {
	s := State{Steps: steps}
	for _, l := range learners {
		for i, p := range l.weights.Params {
			values, err := backend.Copy(l.weights.Tensors[i])
			if err != nil {
				return State{}, fmt.Errorf("%s.%s: %w", l.name, p.Name, err)
			}
			s.Arrays = append(s.Arrays, Array{l.name + "." + p.Name, p.Shape, values})
		}
		s.Arrays = append(s.Arrays, l.kept()...)
	}
	return s, nil
}

// kept returns the arrays of a learner's optimizer, without a copy.
func (l learner) kept() (arrays []Array) {
	trainable := slices.DeleteFunc(slices.Clone(l.weights.Params), func(p nn.Param) bool { return !p.Trainable })
	for _, m := range l.rule.memories() {
		for i, p := range trainable {
			arrays = append(arrays, Array{l.name + "." + m.name + "." + p.Name, p.Shape, m.values[i]})
		}
	}
	return arrays
}

// restore sets learners to a state. The error names every array that is missing or wrong. In that
// case nothing is changed.
func restore(lookup Lookup, learners ...learner) error {
	var wrong []error
	find := func(a Array, size int) []float32 {
		values, err := lookup(a.Name, a.Shape)
		if err == nil && len(values) != size {
			err = fmt.Errorf("%s has %d values, not the %d of shape %v", a.Name, len(values), size, a.Shape)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
		return values
	}
	var changes []func() error
	for _, l := range learners {
		for i, p := range l.weights.Params {
			values := find(Array{Name: l.name + "." + p.Name, Shape: p.Shape}, p.Size())
			changes = append(changes, func() error { return backend.Fill(l.weights.Tensors[i], values) })
		}
		for _, a := range l.kept() {
			values := find(a, len(a.Data))
			changes = append(changes, func() error { copy(a.Data, values); return nil })
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	for _, change := range changes {
		if err := change(); err != nil {
			return err
		}
	}
	return nil
}
