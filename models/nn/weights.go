package nn

import (
	"fmt"
	"slices"
	"strings"

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

// NewWeights returns new weights with initial values. Every parameter has its own random stream
// under the given purpose, such as "weights/classifier". So its initial values do not depend on the
// other parameters.
func NewWeights(b compute.Backend, params []Param, seed uint64, purpose string) (*Weights, error) {
	w, err := newWeights(b, params)
	if err != nil {
		return nil, err
	}
	for i, p := range params {
		err := backend.Write(w.Tensors[i], func(x []float32) { p.Init(random.New(seed, purpose+"/"+p.Name), x) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return w, nil
}

// LoadWeights returns the weights that lookup returns; see Load.
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

// Load replaces all values by those that lookup returns. The error names every tensor that is
// missing or cannot be used. In that case nothing is replaced. Load ignores tensors that the
// network does not use.
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

// Count returns the number of trainable values.
func Count(params []Param) (n int) {
	for _, p := range params {
		if p.Trainable {
			n += p.Size()
		}
	}
	return n
}

// Inputs returns the tensors as inputs of a graph.
func (w *Weights) Inputs() []any {
	in := make([]any, len(w.Tensors))
	for i, t := range w.Tensors {
		in[i] = t
	}
	return in
}

// Update takes a graph's outputs: the gradients of the trainable parameters, then the new running
// statistics. It calls update with the number and the gradient of each trainable parameter. It
// releases the outputs.
func (w *Weights) Update(outputs []*tensors.Tensor, update func(i int, w, grad []float32)) error {
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

// Move is Update with gradients and new running statistics by the index of the parameter.
func (w *Weights) Move(gradients, statistics [][]float32, update func(i int, w, grad []float32)) error {
	number := 0
	for i, p := range w.Params {
		err := backend.Write(w.Tensors[i], func(x []float32) {
			if p.Trainable {
				update(number, x, gradients[i])
				number++
			} else {
				copy(x, statistics[i])
			}
		})
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

// statistics returns the number of running statistics.
func (w *Weights) statistics() (n int) {
	for _, p := range w.Params {
		if !p.Trainable {
			n++
		}
	}
	return n
}

// F32 is the type of a network's values.
const F32 = "F32"

// A Stored is a tensor from a file.
type Stored struct {
	Type   string // F32, or the file's name of another type
	Shape  []int
	Values []float32 // only for type F32
}

// A flaw is the reason why a stored tensor cannot be used. Higher flaws say more about the origin
// of the tensors.
type flaw int

const (
	sound    flaw = iota
	diverged      // some values are NaN or infinite
	otherType
	otherNetwork // the tensor is missing or has another shape
)

// flaw returns why a stored tensor cannot be used for the parameter, also in words.
func (p Param) flaw(s Stored) (worst flaw, why string) {
	var has []string
	if s.Type != F32 {
		worst, has = otherType, append(has, fmt.Sprintf("type %s, not %s", s.Type, F32))
	}
	if !slices.Equal(s.Shape, p.Shape) {
		worst, has = otherNetwork, append(has, fmt.Sprintf("shape %v, not %v", s.Shape, p.Shape))
	}
	if len(has) == 0 && len(s.Values) != p.Size() {
		worst, has = otherNetwork, append(has, fmt.Sprintf("%d values, not %d", len(s.Values), p.Size()))
	}
	if n := notFinite(s.Values); n > 0 {
		worst, has = max(worst, diverged), append(has, fmt.Sprintf("NaN or infinity for %d of %d values", n, len(s.Values)))
	}
	return worst, "has " + strings.Join(has, ", and ")
}

func notFinite(values []float32) (n int) {
	for _, v := range values {
		if v-v != 0 { // true for NaN and infinities
			n++
		}
	}
	return n
}

// check returns an error with the reason for each tensor that cannot be used. A nil is a missing
// tensor.
func check(params []Param, stored []*Stored) error {
	var wrong []string
	worst := sound
	for i, p := range params {
		found, why := otherNetwork, "is missing"
		if stored[i] != nil {
			found, why = p.flaw(*stored[i])
		}
		if found != sound {
			worst, wrong = max(worst, found), append(wrong, p.Name+" "+why)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d tensors %s %s", len(wrong), len(params), worst.advice(), strings.Join(wrong, "; "))
}

func (f flaw) advice() string {
	switch f {
	case otherNetwork:
		return "do not fit the network; are they another network's, or of another width?"
	case otherType:
		return "cannot be taken; store them as " + F32 + ":"
	default:
		return "cannot be taken; did the training diverge?"
	}
}
