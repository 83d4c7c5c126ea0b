package ascent

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/nn"
)

// PGD is projected gradient ascent in the maximum norm.
type PGD struct {
	Steps   int
	Step    float64
	Epsilon float64
}

// FGSM is the fast gradient sign method: one step of epsilon from the images themselves.
func FGSM(epsilon float64) PGD { return PGD{Steps: 1, Step: epsilon, Epsilon: epsilon} }

// Next moves images by one step from at, the current state of the attack on x, and returns the
// value of the objective there. The start may be anywhere. Only the moved images are kept within
// epsilon of x and in [0, 1].
func (a PGD) Next(objective Objective, x, at *Node) (next, value *Node) {
	return ascend(objective, x, at, Scalar(x.Graph(), x.DType(), a.Step), Scalar(x.Graph(), x.DType(), a.Epsilon))
}

// ascend is Next with its sizes as scalars of the graph.
func ascend(objective Objective, x, at, step, epsilon *Node) (next, value *Node) {
	value, gradient := ValueGradient(objective, at)
	next = Add(StopGradient(at), Mul(Sign(gradient), step))
	next = Max(Min(next, Add(x, epsilon)), Sub(x, epsilon))
	return StopGradient(ClipScalar(next, 0, 1)), value
}

// Attack makes all steps from start, in one graph. It returns the attacked images, which are a
// constant for gradients, and the value of the objective before each step.
func (a PGD) Attack(objective Objective, x, start *Node) (attacked *Node, values []*Node) {
	at := start
	for range a.Steps {
		var value *Node
		at, value = a.Next(objective, x, at)
		values = append(values, value)
	}
	return at, values
}

// A Climb is PGD on a network in evaluation mode. It is one compiled step, for any number of steps
// of any size. On the Go backend, ten such steps take as long as one graph of ten steps (measured),
// and the size of the graph does not grow with the number of steps.
type Climb struct {
	next *Exec
	on   nn.Model
}

// A Goal builds the objective for a batch from its aim, such as its labels.
type Goal func(f nn.Classifier, aim *Node) Objective

// NewClimb compiles a step.
func NewClimb(b compute.Backend, on nn.Model, g Goal) (*Climb, error) {
	next, err := backend.Compile(b, func(in []*Node) []*Node {
		x, at, aim, step, epsilon := in[0], in[1], in[2], in[3], in[4]
		next, value := ascend(g(on.Classifier(x, in[5:]), aim), x, at, step, epsilon)
		return []*Node{next, value}
	})
	return &Climb{next, on}, err
}

// Run makes the steps from start. It returns the images, which the caller must release, and the
// value of the objective before each step. Without steps it returns start itself.
func (c *Climb) Run(ctx context.Context, a PGD, x, start, aim *tensors.Tensor) (at *tensors.Tensor, values []float64, err error) {
	at = start
	for i := range a.Steps {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		in := []any{x, at, aim, float32(a.Step), float32(a.Epsilon)}
		out, err := backend.Run(c.next, append(in, c.on.Inputs()...)...)
		if err != nil {
			return nil, nil, fmt.Errorf("step %d of the attack: %w", i+1, err)
		}
		value, err := backend.Scalar(out[1])
		err = errors.Join(err, backend.Release(out[1]))
		if at != start {
			err = errors.Join(err, backend.Release(at))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("step %d of the attack: %w", i+1, err)
		}
		at, values = out[0], append(values, value)
	}
	return at, values, nil
}
