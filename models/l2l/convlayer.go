package l2l

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
)

// A ConvLayer is a 3x3 convolution by itself, forward and backward, for those who
// time it. Images stay as they are laid out inside of networks.
type ConvLayer struct {
	back   *Exec
	inputs []any
}

// NewConvLayer takes images [b, c, h, w], a kernel [o, c, 3, 3] and the gradient of
// the result [b, o, h, w].
func NewConvLayer(b compute.Backend, images, kernel, gradient *tensors.Tensor) (*ConvLayer, error) {
	l := &ConvLayer{}
	enter, err := backend.Compile(b, func(in []*Node) []*Node {
		f := formFor(in[0])
		return []*Node{f.enter(in[0]), f.enter(in[1])}
	})
	if err != nil {
		return nil, err
	}
	laid, err := backend.Run(enter, images, gradient)
	if err != nil {
		return nil, err
	}
	l.inputs = []any{laid[0], laid[1], kernel}
	l.back, err = backend.Compile(b, func(in []*Node) []*Node {
		y := formFor(in[0]).convolve(in[0], in[2], 1, 1)
		// The gradient of a sum of products is the other factor; their sum itself is
		// not asked for, so nobody computes it.
		return append(Gradient(ReduceAllSum(Mul(y, in[1])), in[0], in[2]), y)
	})
	return l, err
}

// Step gives the gradients in images, laid out as inside, and kernel, and the result.
// All are the caller's to release.
func (l *ConvLayer) Step() ([]*tensors.Tensor, error) { return backend.Run(l.back, l.inputs...) }
