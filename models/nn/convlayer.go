package nn

import (
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
)

// A ConvLayer is a single 3x3 convolution, forward and backward, for benchmarks. Images keep the
// layout that they have inside networks.
type ConvLayer struct {
	back   *Exec
	inputs []any
	cuts   int // number of parts of a batch
}

// ConvOutputs are the results of a convolution. Images are in parts, in the layout that they have
// inside networks.
type ConvOutputs struct {
	Images, Kernel []*tensors.Tensor // gradients
	Result         []*tensors.Tensor
}

// All returns all outputs.
func (o ConvOutputs) All() []*tensors.Tensor { return slices.Concat(o.Images, o.Kernel, o.Result) }

// NewConvLayer compiles a convolution of images [b, c, h, w] with a kernel [o, c, 3, 3]. gradient
// is the gradient of the result [b, o, h, w].
func NewConvLayer(b compute.Backend, images, kernel, gradient *tensors.Tensor) (*ConvLayer, error) {
	l := &ConvLayer{}
	enter, err := backend.Compile(b, func(in []*Node) []*Node {
		p := &Pass{form: formFor(in[0])}
		return append(p.enter(in[0]), p.enter(in[1])...)
	})
	if err != nil {
		return nil, err
	}
	laid, err := backend.Run(enter, images, gradient)
	if err != nil {
		return nil, err
	}
	l.cuts = len(laid) / 2
	for _, part := range laid {
		l.inputs = append(l.inputs, part)
	}
	l.inputs = append(l.inputs, kernel)
	l.back, err = backend.Compile(b, func(in []*Node) []*Node {
		p, n := &Pass{form: formFor(in[0])}, l.cuts
		x, v, kernel := Parts(in[:n]), Parts(in[n:2*n]), in[2*n]
		y := p.convolve(x, kernel, 1, 1)
		// The gradient of a sum of products is the other factor. The sum itself is not an output,
		// so it is not computed.
		products := sum(y.with(v, func(y, v *Node) *Node { return ReduceAllSum(Mul(y, v)) }))
		return slices.Concat(Gradient(products, slices.Concat(x, Parts{kernel})...), y)
	})
	return l, err
}

// Step computes the convolution. The caller must release the outputs.
func (l *ConvLayer) Step() (ConvOutputs, error) {
	out, err := backend.Run(l.back, l.inputs...)
	if err != nil {
		return ConvOutputs{}, err
	}
	n := l.cuts
	return ConvOutputs{Images: out[:n], Kernel: out[n : n+1], Result: out[n+1:]}, nil
}
