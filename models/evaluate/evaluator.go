// Package evaluate runs classifiers in evaluation mode on any number of images: by the engine on the
// embedded backend, by graphs on others.
package evaluate

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/engine"
	"foil/models/graphs"
	"foil/models/nn"
)

// A Config describes the evaluation of a classifier.
type Config struct {
	Network *nn.Network
	Shape   [3]int // of an image: channels, rows, columns
	Batch   int    // images per batch
	Frozen  bool   // true if the weights never change
	Backend compute.Backend
	ByGraph bool // use graphs on the embedded backend, too: the reference for the engine
}

// Model returns a network for the evaluator's graphs. ONNX Runtime converts constants to the layout
// of its kernels once. So there a step of PGD on ResNet-9 with frozen weights takes 0.7 times as
// long.
func (c Config) Model(n *nn.Network, w *nn.Weights) graphs.Model {
	return graphs.Model{Network: n, Weights: w, Frozen: c.Frozen && backend.IsONNXRuntime(c.Backend)}
}

// Net returns a network for the engine, or nil if the evaluator uses graphs.
func (c Config) Net(n *nn.Network, w *nn.Weights) (*Net, error) {
	if c.ByGraph || !engine.For(c.Backend) {
		return nil, nil
	}
	image := c.Shape
	image[0] = n.Channels
	net, err := engine.New(n, image, backend.Threads(c.Backend))
	return &Net{Net: net, weights: w, frozen: c.Frozen}, err
}

// A Net is a network of the engine with the weights that it is evaluated with.
type Net struct {
	*engine.Net

	weights        *nn.Weights
	frozen, loaded bool
}

// Current loads the weights, unless they are frozen and were loaded before.
func (n *Net) Current() (*engine.Net, error) {
	if n.frozen && n.loaded {
		return n.Net, nil
	}
	err := n.Load(n.weights)
	n.loaded = err == nil
	return n.Net, err
}

// An Evaluator runs a classifier in evaluation mode. Batches of graphs have one size, so that each
// graph is compiled once. If the last batch is smaller, it is filled by repeating its own images. An
// Evaluator is not safe for concurrent use.
type Evaluator struct {
	Config Config
	Model  graphs.Model // for graphs
	Net    *Net         // for the engine; nil: the evaluator uses graphs

	logits *Exec
	back   *Exec // see Slopes; nil until it is needed
}

// New returns an evaluator of a classifier. Unless the weights are frozen, they may be those of a
// training in progress: each call uses the current ones.
func New(c Config, w *nn.Weights) (*Evaluator, error) {
	if c.Batch < 1 {
		return nil, fmt.Errorf("the batch size is %d; it must be at least 1", c.Batch)
	}
	e := &Evaluator{Config: c, Model: c.Model(c.Network, w)}
	var err error
	if e.Net, err = c.Net(c.Network, w); err != nil || e.Net != nil {
		return e, err
	}
	e.logits, err = graphs.CompileLogits(c.Backend, e.Model)
	return e, err
}

// Logits returns the logits of images, one image after the other.
func (e *Evaluator) Logits(ctx context.Context, x []float32) ([]float32, error) {
	n, err := e.count(x)
	if err != nil {
		return nil, err
	}
	classes := e.Config.Network.Classes()
	logits := make([]float32, n*classes)
	if e.Net != nil {
		return logits, e.engineLogits(ctx, x, logits)
	}
	err = e.inBatches(ctx, n, func(start, end int) error {
		images := e.Images(filled(part(x, start, end, e.Size()), e.Config.Batch*e.Size()))
		out, err := backend.Run(e.logits, append([]any{images}, e.Model.Inputs()...)...)
		if err != nil {
			return err
		}
		err = backend.Read(out[0], func(values []float32) { copy(part(logits, start, end, classes), values) })
		return errors.Join(err, backend.Release(images, out[0]))
	})
	return logits, err
}

func (e *Evaluator) engineLogits(ctx context.Context, x, logits []float32) error {
	net, err := e.Net.Current()
	if err != nil {
		return err
	}
	size, classes := e.Size(), e.Config.Network.Classes()
	return net.Evaluate(len(x)/size, func(p *engine.Pass, from, to int) error {
		out, err := p.Forward(part(x, from, to, size))
		copy(part(logits, from, to, classes), out)
		return errors.Join(err, ctx.Err())
	})
}

// A Transform changes a batch of images x with labels, starting at start.
type Transform func(ctx context.Context, x, start []float32, labels []int32) ([]float32, error)

// Transform calls f for all images, batch by batch. If start is nil, it is the images.
func (e *Evaluator) Transform(ctx context.Context, x []float32, labels []int32, start []float32, f Transform) (out []float32, err error) {
	n, err := e.Check(x, labels, start)
	if err != nil {
		return nil, err
	}
	if start == nil {
		start = x
	}
	batch, size := e.Config.Batch, e.Size()
	err = e.inBatches(ctx, n, func(first, end int) error {
		made, err := f(ctx, filled(part(x, first, end, size), batch*size), filled(part(start, first, end, size), batch*size),
			filled(labels[first:end], batch))
		if err == nil {
			out = append(out, made[:(end-first)*size]...)
		}
		return err
	})
	return out, err
}

// Images returns images as a tensor [b, c, h, w] for graphs.
func (e *Evaluator) Images(x []float32) *tensors.Tensor {
	s := e.Config.Shape
	return tensors.FromFlatDataAndDimensions(x, len(x)/e.Size(), s[0], s[1], s[2])
}

// Size is the number of values of an image.
func (e *Evaluator) Size() int { return e.Config.Shape[0] * e.Config.Shape[1] * e.Config.Shape[2] }

// count is the number of images.
func (e *Evaluator) count(x []float32) (int, error) {
	if len(x)%e.Size() != 0 {
		return 0, fmt.Errorf("%d values are not a whole number of images of shape %v", len(x), e.Config.Shape)
	}
	return len(x) / e.Size(), nil
}

// Check checks that labels and start fit the images, and returns the number of images. A nil start
// fits.
func (e *Evaluator) Check(x []float32, labels []int32, start []float32) (int, error) {
	n, err := e.count(x)
	if err != nil {
		return 0, err
	}
	if len(labels) != n {
		return 0, fmt.Errorf("%d labels for %d images; the numbers must be the same", len(labels), n)
	}
	if start != nil && len(start) != len(x) {
		return 0, fmt.Errorf("the start of the attack has %d values, but the images have %d", len(start), len(x))
	}
	classes := e.Config.Network.Classes()
	for i, label := range labels {
		if label < 0 || int(label) >= classes {
			return 0, fmt.Errorf("image %d has label %d; the classes of the classifier are 0 to %d", i, label, classes-1)
		}
	}
	return n, nil
}

// inBatches calls f for n images, a batch at a time.
func (e *Evaluator) inBatches(ctx context.Context, n int, f func(start, end int) error) error {
	for start := 0; start < n; start += e.Config.Batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := min(start+e.Config.Batch, n)
		if err := f(start, end); err != nil {
			return fmt.Errorf("images %d to %d: %w", start, end-1, err)
		}
	}
	return nil
}

// part returns the values of the images from first to end.
func part(x []float32, first, end, size int) []float32 { return x[first*size : end*size] }

// filled repeats values from the first one on until there are n.
func filled[T any](values []T, n int) []T {
	out := values
	for len(out) < n {
		out = append(out[:len(out):len(out)], values[:min(len(values), n-len(out))]...)
	}
	return out
}
