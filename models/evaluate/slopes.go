package evaluate

import (
	"context"
	"errors"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/engine"
)

// A Head returns a number for image i from its logits, and writes the gradient in the logits to d.
// Evaluators call it from several goroutines.
type Head func(i int, logits, d []float32) float64

// Slopes takes images [n, c, h, w] through the classifier, and the gradients of their heads back. It
// returns the logits [n, y], the values of the heads and their gradients in the images.
func (e *Evaluator) Slopes(ctx context.Context, x []float32, head Head) (logits []float32, values []float64, gradient []float32, err error) {
	n, err := e.count(x)
	if err != nil {
		return nil, nil, nil, err
	}
	size, classes := e.Size(), e.Config.Network.Classes()
	logits, values, gradient = make([]float32, n*classes), make([]float64, n), make([]float32, len(x))
	d := make([]float32, n*classes)
	heads := func(from, to int) {
		for i := from; i < to; i++ {
			values[i] = head(i, part(logits, i, i+1, classes), part(d, i, i+1, classes))
		}
	}
	if e.Net == nil {
		return logits, values, gradient, e.graphSlopes(ctx, n, x, logits, d, gradient, heads)
	}
	net, err := e.Net.Current()
	if err != nil {
		return nil, nil, nil, err
	}
	err = net.Evaluate(n, func(p *engine.Pass, from, to int) error {
		out, err := p.Forward(part(x, from, to, size))
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		copy(part(logits, from, to, classes), out)
		heads(from, to)
		copy(part(gradient, from, to, size), p.Backward(part(d, from, to, classes), engine.OfImages))
		return nil
	})
	return logits, values, gradient, err
}

// graphSlopes is Slopes with graphs: one for the logits, and one for the gradients.
func (e *Evaluator) graphSlopes(ctx context.Context, n int, x, logits, d, gradient []float32, heads func(from, to int)) error {
	if e.back == nil {
		back, err := compileBack(e)
		if err != nil {
			return err
		}
		e.back = back
	}
	forward, err := e.Logits(ctx, x)
	if err != nil {
		return err
	}
	copy(logits, forward)
	heads(0, n)
	size, classes, batch := e.Size(), e.Config.Network.Classes(), e.Config.Batch
	return e.inBatches(ctx, n, func(start, end int) error {
		images := e.Images(filled(part(x, start, end, size), batch*size))
		slopes := tensors.FromFlatDataAndDimensions(filled(part(d, start, end, classes), batch*classes), batch, classes)
		out, err := backend.Run(e.back, append([]any{images, slopes}, e.Model.Inputs()...)...)
		if err != nil {
			return err
		}
		err = backend.Read(out[0], func(values []float32) { copy(part(gradient, start, end, size), values) })
		return errors.Join(err, backend.Release(images, slopes, out[0]))
	})
}

// compileBack compiles the gradient in images for that in their logits.
func compileBack(e *Evaluator) (*Exec, error) {
	return backend.Compile(e.Config.Backend, func(in []*Node) []*Node {
		logits := e.Model.Classifier(in[0], in[2:])(in[0])
		return Gradient(ReduceAllSum(Mul(logits, StopGradient(in[1]))), in[0])
	})
}
