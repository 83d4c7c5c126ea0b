package ascent

import (
	"context"
	"errors"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/engine"
	"foil/models/evaluate"
	"foil/models/graphs"
)

// A cwObjective is the objective of CW for one classifier.
type cwObjective interface {
	logits(image []float32) ([]float32, error)
	// at returns the objective for a modifier of space, the start of the round in tanh space.
	at(x, space, modifier []float32, label int32, tau, constant float32) (cwValue, error)
}

// A cwValue is the value of the objective, the image and logits there, and the gradient in the
// modifier.
type cwValue struct {
	loss                    float64
	image, logits, gradient []float32
}

// cwLoss builds the objective to minimise, and its gradient in the modifier. Images are [1, c, h, w],
// label [1], tau and constant scalars.
func cwLoss(f graphs.Classifier, x, space, modifier, label, tau, constant *Node) (loss, image, logits, gradient *Node) {
	image = MulScalar(AddScalar(Tanh(Add(space, modifier)), 1), 0.5)
	logits = f(image) // [1, y]
	hot := OneHot(label, logits.Shape().Dim(-1), logits.DType())
	own := ReduceAllSum(Mul(hot, logits))
	other := ReduceAllMax(Sub(logits, MulScalar(hot, 1e4)))
	margin := graphs.ReLU(Sub(own, other))
	beyond := ReduceAllSum(graphs.ReLU(Sub(Abs(Sub(image, x)), tau)))
	loss = Add(Mul(constant, margin), beyond)
	return loss, image, logits, Gradient(loss, modifier)[0]
}

// A graphObjective is the objective as a graph.
type graphObjective struct {
	e    *evaluate.Evaluator
	exec *Exec // the objective
	only *Exec // logits alone
}

func newGraphObjective(e *evaluate.Evaluator) (*graphObjective, error) {
	exec, err := backend.Compile(e.Config.Backend, func(in []*Node) []*Node {
		f := e.Model.Classifier(in[0], in[6:])
		loss, image, logits, gradient := cwLoss(f, in[0], in[1], in[2], in[3], in[4], in[5])
		return []*Node{loss, image, logits, gradient}
	})
	if err != nil {
		return nil, err
	}
	only, err := graphs.CompileLogits(e.Config.Backend, e.Model)
	return &graphObjective{e, exec, only}, err
}

func (g *graphObjective) logits(image []float32) ([]float32, error) {
	out, err := backend.Run(g.only, append([]any{g.e.Images(image)}, g.e.Model.Inputs()...)...)
	if err != nil {
		return nil, err
	}
	logits, err := backend.Copy(out[0])
	return logits, errors.Join(err, backend.Release(out...))
}

func (g *graphObjective) at(x, space, modifier []float32, label int32, tau, constant float32) (v cwValue, err error) {
	in := []any{g.e.Images(x), g.e.Images(space), g.e.Images(modifier), []int32{label}, tau, constant}
	out, err := backend.Run(g.exec, append(in, g.e.Model.Inputs()...)...)
	if err != nil {
		return v, err
	}
	v.loss, err = backend.Scalar(out[0])
	v.image, err = copyOf(out[1], err)
	v.logits, err = copyOf(out[2], err)
	v.gradient, err = copyOf(out[3], err)
	return v, errors.Join(err, backend.Release(out...))
}

func copyOf(t *tensors.Tensor, before error) ([]float32, error) {
	values, err := backend.Copy(t)
	return values, errors.Join(before, err)
}

// An engineObjective is the objective by a pass of the engine.
type engineObjective struct{ pass *engine.Pass }

func (o engineObjective) logits(image []float32) ([]float32, error) { return o.pass.Forward(image) }

func (o engineObjective) at(x, space, modifier []float32, label int32, tau, constant float32) (v cwValue, err error) {
	v.image = make([]float32, len(x))
	slope := make([]float32, len(x)) // of the image in the modifier
	for i, m := range modifier {
		t := float32(math.Tanh(float64(space[i] + m)))
		v.image[i], slope[i] = (t+1)*0.5, 0.5*(1-t*t)
	}
	if v.logits, err = o.pass.Forward(v.image); err != nil {
		return v, err
	}
	other := -1 // the largest logit of another class, the first of equals
	for i, z := range v.logits {
		if int32(i) != label && (other < 0 || z > v.logits[other]) {
			other = i
		}
	}
	d := make([]float32, len(v.logits))
	if other >= 0 && !(v.logits[label] <= v.logits[other]) {
		v.loss = float64(constant * (v.logits[label] - v.logits[other]))
		d[label], d[other] = constant, -constant
	}
	v.gradient = append([]float32(nil), o.pass.Backward(d, engine.OfImages)...)
	for i, c := range v.image {
		change := c - x[i]
		if far := float32(math.Abs(float64(change))) - tau; far > 0 {
			v.loss += float64(far)
			v.gradient[i] += float32(math.Copysign(1, float64(change)))
		}
		v.gradient[i] *= slope[i]
	}
	return v, nil
}

// engineCW is CW by the engine. Each thread attacks images of its own.
type engineCW struct {
	e *evaluate.Evaluator
	c CW
}

func (a engineCW) Attack(ctx context.Context, x []float32, labels []int32, start []float32) ([]float32, error) {
	n, err := a.e.Check(x, labels, start)
	if err != nil {
		return nil, err
	}
	net, err := a.e.Net.Current()
	if err != nil {
		return nil, err
	}
	attacked, size := make([]float32, len(x)), a.e.Size()
	return attacked, net.Evaluate(n, func(p *engine.Pass, from, to int) error {
		cw := &cwAttack{a.c, engineObjective{p}}
		return cw.each(ctx, x[from*size:to*size], labels[from:to], attacked[from*size:to*size], from)
	})
}
