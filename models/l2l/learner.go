package l2l

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/nn"
	"foil/models/optim"
)

// An Optimizer says how a network's weights follow their gradients: it is SGD or
// Adam.
type Optimizer interface {
	begin(params []nn.Param) rule
}

// SGD moves weights with momentum.
type SGD optim.SGD

// Adam moves them by moments of their gradients.
type Adam optim.AdamConfig

// PaperOptimizers are the published ones, by Turn: the classifier learns with
// momentum, the attacker with Adam.
func PaperOptimizers() [2]Optimizer {
	return [2]Optimizer{SGD{Momentum: 0.9, WeightDecay: 2e-4}, Adam(optim.DefaultAdam(2e-4))}
}

// A rule is an optimizer at work on the trainable parameters of one network. It
// knows them by their number among these.
type rule interface {
	// start begins the step of the given number, counted from 1.
	start(step int)
	update(i int, rate float64, w, grad []float32)
	// memories are what it keeps between steps.
	memories() []memory
}

// A memory is a value that an optimizer keeps for each weight.
type memory struct {
	name   string
	values [][]float32 // by number of the trainable parameter
}

func newMemory(name string, params []nn.Param) memory {
	m := memory{name: name}
	for _, p := range params {
		if p.Trainable {
			m.values = append(m.values, make([]float32, p.Size()))
		}
	}
	return m
}

type sgdRule struct {
	config   optim.SGD
	velocity memory
}

func (s SGD) begin(params []nn.Param) rule {
	return &sgdRule{optim.SGD(s), newMemory("velocity", params)}
}

func (r *sgdRule) start(int) {}

func (r *sgdRule) update(i int, rate float64, w, grad []float32) {
	r.config.Update(rate, w, grad, r.velocity.values[i])
}

func (r *sgdRule) memories() []memory { return []memory{r.velocity} }

type adamRule struct {
	adam          optim.Adam
	first, second memory
}

func (a Adam) begin(params []nn.Param) rule {
	return &adamRule{optim.Adam{Config: optim.AdamConfig(a)}, newMemory("first", params), newMemory("second", params)}
}

func (r *adamRule) start(step int) {
	r.adam.Steps = step - 1
	r.adam.Begin()
}

func (r *adamRule) update(i int, rate float64, w, grad []float32) {
	r.adam.Update(rate, w, grad, optim.Moments{First: r.first.values[i], Second: r.second.values[i]})
}

func (r *adamRule) memories() []memory { return []memory{r.first, r.second} }

// A learner is a network's weights with the optimizer that moves them.
type learner struct {
	name    string // in a State
	weights *nn.Weights
	rule    rule
}

func newLearner(name string, w *nn.Weights, o Optimizer) (learner, error) {
	if o == nil {
		return learner{}, fmt.Errorf("the %s has no optimizer: choose SGD or Adam", name)
	}
	return learner{name, w, o.begin(w.Params)}, nil
}

// move runs the graph of a step of the given number, counted from 1, and moves the
// weights. The graph gives some leading outputs, which are returned, then what
// learned builds.
func (l learner) move(exec *Exec, step int, rate float64, leading int, in ...any) ([]*tensors.Tensor, error) {
	out, err := backend.Run(exec, in...)
	if err != nil {
		return nil, err
	}
	l.rule.start(step)
	return out[:leading], l.weights.Update(out[leading:], func(i int, w, grad []float32) { l.rule.update(i, rate, w, grad) })
}

// learned is what a learner's graph gives behind its leading outputs: the gradients
// of what is lowered, and new running statistics.
func learned(objective *Node, f *nn.Bound) []*Node {
	return append(Gradient(objective, f.Trainable()...), f.Statistics()...)
}

// scalars reads numbers and releases their tensors.
func scalars(ts ...*tensors.Tensor) (values []float64, err error) {
	for _, t := range ts {
		v, err := backend.Scalar(t)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, backend.Release(ts...)
}
