package nn

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// A form is how a network's layers are computed on a part of a batch and how the
// images in it are laid out, which each backend wants in its own way. Images outside of networks are
// [b, c, h, w]; inside, only their form knows.
type form interface {
	sizes(batch int) []int    // of the parts of a batch
	enter(images *Node) *Node // from [b, c, h, w]
	leave(x *Node) *Node      // to it

	// convolve takes a kernel [o, c, k, k], deconvolve one [c, o, 4, 4], see deconv.
	convolve(x, kernel *Node, stride, pad int) *Node
	deconvolve(x, kernel *Node) *Node

	// affine is x scale + shift, per channel; either may be nil.
	affine(x, scale, shift *Node) *Node
	// normalise is affine on parts of a batch with the mean and the variance of each
	// channel, over all of them, brought to 0 and 1. It gives both, [c], as constants;
	// the variance is the biased one.
	normalise(x Parts, scale, shift *Node, epsilon float64) (y Parts, mean, variance *Node)

	relu(x *Node) *Node         // passes no gradient at zero, as PyTorch's
	prelu(x, slope *Node) *Node // one slope for all channels

	maxPool(x *Node, n int) *Node // of n x n squares; of equal values the first gets the gradient
	spaceMean(x *Node) *Node      // over rows and columns: [b, c]
	flatten(x *Node) *Node        // [b, c h w], as PyTorch
	join(x ...*Node) *Node        // on their channels
}

// formFor is the one place that decides by backend. The Go backend's own convolution
// is 20 to 50 times slower than its matrix product; others have fast ones, of which ONNX
// Runtime's wants channels first.
func formFor(x *Node) form {
	switch b := x.Graph().Backend(); {
	case backend.IsGo(b):
		return batchLast{}
	case backend.IsONNXRuntime(b):
		return channelsFirst{}
	default:
		return channelsLast{}
	}
}

// window takes h rows and w columns of x, images on axes 1 and 2, from a corner on, each
// stride-th of them.
func window(x *Node, row, column, h, w, stride int) *Node {
	if row == 0 && column == 0 && stride == 1 && h == x.Shape().Dim(1) && w == x.Shape().Dim(2) {
		return x
	}
	return Slice(x, AxisRange(),
		AxisRange(row, row+(h-1)*stride+1).Stride(stride),
		AxisRange(column, column+(w-1)*stride+1).Stride(stride))
}

// join concatenates; one node alone is left as it is.
func join(x []*Node, axis int) *Node {
	if len(x) == 1 {
		return x[0]
	}
	return Concatenate(x, axis)
}

// onesOf returns ones of x's type.
func onesOf(x *Node, dims ...int) *Node {
	return Ones(x.Graph(), shapes.Make(x.DType(), dims...))
}

// zerosOf returns zeros of x's type.
func zerosOf(x *Node, dims ...int) *Node {
	return Zeros(x.Graph(), shapes.Make(x.DType(), dims...))
}

// corners lists the rows and columns of an n x n square.
func corners(n int) (at [][2]int) {
	for row := range n {
		for column := range n {
			at = append(at, [2]int{row, column})
		}
	}
	return at
}
