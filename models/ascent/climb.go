package ascent

import (
	"context"
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/engine"
	"foil/models/evaluate"
	"foil/models/graphs"
	"foil/models/losses"
)

// A Climb is PGD on a network in evaluation mode, for any number of steps of any size.
type Climb interface {
	// Run makes the steps from start, for images of a batch. It returns the images and the value of
	// the objective before each step. Without steps it returns start itself.
	Run(ctx context.Context, a PGD, x, start []float32, aim Aim) (at []float32, values []float64, err error)
}

// An Aim is what the objective of a batch depends on beside its images: labels or logits.
type Aim struct {
	Labels []int32
	Logits []float32 // [b, y]
}

// A Goal is an objective in its two forms.
type Goal struct {
	// Graph builds the objective for a batch from its aim as a node.
	Graph func(f graphs.Classifier, aim *Node) Objective
	// Image returns the part of an image i in the objective, for its logits, and writes the gradient
	// in them to d. images is the number of images.
	Image func(logits []float32, aim Aim, i, images int, d []float32) float64
}

// ToMistake is the goal of most attacks: Mistake.
var ToMistake = Goal{
	Graph: Mistake,
	Image: func(logits []float32, aim Aim, i, images int, d []float32) float64 {
		return losses.CrossEntropy(logits, aim.Labels[i], 1/float32(images), d)
	},
}

// ToMargin raises the lead of the best wrong class over the label. Unlike the cross-entropy, it has a
// gradient where the classifier is certain.
var ToMargin = Goal{
	Graph: func(f graphs.Classifier, labels *Node) Objective {
		return func(x *Node) *Node {
			logits := f(x) // [b, y]
			own := OneHot(labels, logits.Shape().Dim(-1), logits.DType())
			rival := ReduceMax(Sub(logits, MulScalar(own, 1e9)), -1)
			return ReduceAllMean(Sub(rival, ReduceSum(Mul(own, logits), -1)))
		}
	},
	Image: func(logits []float32, aim Aim, i, images int, d []float32) float64 {
		margin := losses.Margin(logits, aim.Labels[i], d)
		for j := range d {
			d[j] /= float32(images)
		}
		return margin / float64(images)
	},
}

// NewClimb prepares PGD on the classifier of an evaluator.
func NewClimb(e *evaluate.Evaluator, g Goal) (Climb, error) {
	if e.Net != nil {
		return &engineClimb{e, g}, nil
	}
	next, err := backend.Compile(e.Config.Backend, func(in []*Node) []*Node {
		x, at, aim, step, epsilon := in[0], in[1], in[2], in[3], in[4]
		next, value := ascend(g.Graph(e.Model.Classifier(x, in[5:]), aim), x, at, step, epsilon)
		return []*Node{next, value}
	})
	return &graphClimb{e, next}, err
}

// A graphClimb is one compiled step.
type graphClimb struct {
	e    *evaluate.Evaluator
	next *Exec
}

func (c *graphClimb) Run(ctx context.Context, a PGD, x, start []float32, aim Aim) ([]float32, []float64, error) {
	if a.Steps == 0 {
		return start, nil, ctx.Err()
	}
	images, at, goal := c.e.Images(x), c.e.Images(start), aim.tensor(c.e.Config.Network.Classes())
	var values []float64
	for i := range a.Steps {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		in := []any{images, at, goal, float32(a.Step), float32(a.Epsilon)}
		out, err := backend.Run(c.next, append(in, c.e.Model.Inputs()...)...)
		if err != nil {
			return nil, nil, fmt.Errorf("step %d of the attack: %w", i+1, err)
		}
		value, err := backend.Scalar(out[1])
		if err := errors.Join(err, backend.Release(out[1], at)); err != nil {
			return nil, nil, fmt.Errorf("step %d of the attack: %w", i+1, err)
		}
		at, values = out[0], append(values, value)
	}
	moved, err := backend.Copy(at)
	return moved, values, errors.Join(err, backend.Release(images, at, goal))
}

func (a Aim) tensor(classes int) *tensors.Tensor {
	if a.Labels != nil {
		return tensors.FromFlatDataAndDimensions(a.Labels, len(a.Labels))
	}
	return tensors.FromFlatDataAndDimensions(a.Logits, len(a.Logits)/classes, classes)
}

// An engineClimb takes some images through all steps before it goes on with others.
type engineClimb struct {
	e *evaluate.Evaluator
	g Goal
}

func (c *engineClimb) Run(ctx context.Context, a PGD, x, start []float32, aim Aim) ([]float32, []float64, error) {
	if a.Steps == 0 {
		return start, nil, ctx.Err()
	}
	net, err := c.e.Net.Current()
	if err != nil {
		return nil, nil, err
	}
	size, classes := c.e.Size(), c.e.Config.Network.Classes()
	images := len(x) / size
	at := append([]float32(nil), start...)
	each := make([]float64, images*a.Steps) // the objective by image and step
	err = net.Evaluate(images, func(p *engine.Pass, from, to int) error {
		d := make([]float32, (to-from)*classes)
		x, at := x[from*size:to*size], at[from*size:to*size]
		for step := range a.Steps {
			logits, err := p.Forward(at)
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			for i := from; i < to; i++ {
				row := (i - from) * classes
				each[i*a.Steps+step] = c.g.Image(logits[row:row+classes], aim, i, images, d[row:row+classes])
			}
			a.move(x, at, p.Backward(d, engine.OfImages))
		}
		return nil
	})
	values := make([]float64, a.Steps)
	for i, v := range each {
		values[i%a.Steps] += v
	}
	return at, values, err
}

// move makes a step along the signs of a gradient, as ascend.
func (a PGD) move(x, at, gradient []float32) {
	step, epsilon := float32(a.Step), float32(a.Epsilon)
	for i, g := range gradient {
		v := at[i]
		switch {
		case g > 0:
			v += step
		case g < 0:
			v -= step
		case g != g:
			v = g
		}
		v = max(min(v, x[i]+epsilon), x[i]-epsilon)
		at[i] = max(min(v, 1), 0)
	}
}
