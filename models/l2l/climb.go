package l2l

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
)

// A climb is PGD on a network in evaluation mode, one compiled step of it for any
// number of steps of any size. On the Go backend ten steps take as long as in one
// graph of them all, as measured, and a hundred need no larger graph.
type climb struct {
	next *Exec
	on   subject
}

// A goal builds the objective that is climbed from a batch's aim: its labels, say.
type goal func(f Classifier, aim *Node) Objective

func newClimb(b compute.Backend, on subject, g goal) (*climb, error) {
	next, err := backend.Compile(b, func(in []*Node) []*Node {
		x, at, aim, step, epsilon := in[0], in[1], in[2], in[3], in[4]
		next, value := ascend(g(on.classifier(x, in[5:]), aim), x, at, step, epsilon)
		return []*Node{next, value}
	})
	return &climb{next, on}, err
}

// attack makes the steps from start on. It gives the images, the caller's to
// release, and the objective's value before each step.
func (c *climb) attack(ctx context.Context, a PGD, x, start, aim *tensors.Tensor) (at *tensors.Tensor, values []float64, err error) {
	at = start
	for i := range a.Steps {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		in := []any{x, at, aim, float32(a.Step), float32(a.Epsilon)}
		out, err := backend.Run(c.next, append(in, c.on.inputs()...)...)
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
