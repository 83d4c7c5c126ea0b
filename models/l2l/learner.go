package l2l

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/engine"
	"foil/models/graphs"
	"foil/models/nn"
	"foil/models/optim"
)

// An Optimizer updates a network's weights by their gradients. It is SGD or Adam.
type Optimizer interface {
	begin(params []nn.Param) rule
}

// SGD updates weights with momentum.
type SGD optim.SGD

// Adam updates weights by moments of their gradients.
type Adam optim.AdamConfig

// PaperOptimizers returns the published optimizers, by Turn: SGD with momentum for the classifier,
// Adam for the attacker.
func PaperOptimizers() [2]Optimizer {
	return [2]Optimizer{SGD{Momentum: 0.9, WeightDecay: 2e-4}, Adam(optim.DefaultAdam(2e-4))}
}

// A rule is an optimizer in use on the trainable parameters of one network. It identifies them by
// their number among these parameters.
type rule interface {
	// start begins the step with the given number, counted from 1.
	start(step int)
	update(i int, rate float64, w, grad []float32)
	// memories returns the values that the rule keeps between steps.
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

// move runs the graph of the step with the given number, counted from 1, and updates the weights.
// The graph returns some leading outputs, which move returns, and then the outputs of learned.
func (l learner) move(exec *Exec, step int, rate float64, leading int, in ...any) ([]*tensors.Tensor, error) {
	out, err := backend.Run(exec, in...)
	if err != nil {
		return nil, err
	}
	l.rule.start(step)
	return out[:leading], l.weights.Update(out[leading:], func(i int, w, grad []float32) { l.rule.update(i, rate, w, grad) })
}

// take updates the weights by the gradients of the engine, in the step with the given number.
func (l learner) take(net *engine.Net, step int, rate float64) error {
	l.rule.start(step)
	return l.weights.Move(net.Gradients, net.Parameters(), func(i int, w, grad []float32) { l.rule.update(i, rate, w, grad) })
}

// learned builds the outputs of a learner's graph after its leading outputs: the gradients of the
// objective, and new running statistics.
func learned(objective *Node, f *graphs.Bound) []*Node {
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
