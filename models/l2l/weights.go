package l2l

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/random"
)

// Weights are the values of a network's parameters, in their order.
type Weights struct {
	Params  []Param
	Tensors []*tensors.Tensor
}

// NewWeights returns freshly initialised weights. Every parameter has a stream of
// its own under the given purpose, such as "weights/classifier", so its start does
// not depend on the parameters beside it.
func NewWeights(b compute.Backend, params []Param, seed uint64, purpose string) (*Weights, error) {
	w, err := newWeights(b, params)
	if err != nil {
		return nil, err
	}
	for i, p := range params {
		err := backend.Write(w.Tensors[i], func(x []float32) { p.init(random.New(seed, purpose+"/"+p.Name), x) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return w, nil
}

// LoadWeights returns the weights that lookup finds, see Load.
func LoadWeights(b compute.Backend, params []Param, lookup func(name string) (s Stored, ok bool)) (*Weights, error) {
	w, err := newWeights(b, params)
	if err != nil {
		return nil, err
	}
	return w, w.Load(lookup)
}

// newWeights returns zeros.
func newWeights(b compute.Backend, params []Param) (*Weights, error) {
	w := &Weights{Params: params}
	for _, p := range params {
		t, err := backend.NewTensor(b, p.Shape...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		w.Tensors = append(w.Tensors, t)
	}
	return w, nil
}

// Load replaces all values by those that lookup finds. The error names every
// tensor that is missing or cannot be taken; nothing is replaced then. Tensors
// that the network does not use are no concern of it.
func (w *Weights) Load(lookup func(name string) (s Stored, ok bool)) error {
	found := make([]*Stored, len(w.Params))
	for i, p := range w.Params {
		if s, ok := lookup(p.Name); ok {
			found[i] = &s
		}
	}
	if err := check(w.Params, found); err != nil {
		return err
	}
	for i, t := range w.Tensors {
		if err := backend.Fill(t, found[i].Values); err != nil {
			return fmt.Errorf("%s: %w", w.Params[i].Name, err)
		}
	}
	return nil
}

// Count is the number of trainable values.
func Count(params []Param) (n int) {
	for _, p := range params {
		if p.Trainable {
			n += p.Size()
		}
	}
	return n
}

// inputs are the tensors as the inputs of a graph.
func (w *Weights) inputs() []any {
	in := make([]any, len(w.Tensors))
	for i, t := range w.Tensors {
		in[i] = t
	}
	return in
}

// step takes a graph's outputs: the gradients of the trainable parameters, for
// which it calls update with their number among these, and then the new running
// statistics. It releases the outputs.
func (w *Weights) step(outputs []*tensors.Tensor, update func(i int, w, grad []float32)) error {
	gradient, statistic := 0, len(w.Params)-w.statistics()
	for i, p := range w.Params {
		out := &statistic
		change := func(from, to []float32) { copy(to, from) }
		if p.Trainable {
			number := gradient
			out = &gradient
			change = func(grad, to []float32) { update(number, to, grad) }
		}
		if err := backend.ReadWrite(outputs[*out], w.Tensors[i], change); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		*out++
	}
	return backend.Release(outputs...)
}

// statistics is the number of running statistics.
func (w *Weights) statistics() (n int) {
	for _, p := range w.Params {
		if !p.Trainable {
			n++
		}
	}
	return n
}
