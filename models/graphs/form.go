package graphs

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// A form is a way to compute a network's layers and to lay out the images in it. Each backend has
// its best form. Images outside networks are [b, c, h, w]. Inside, only the form depends on their
// layout.
type form interface {
	enter(images *Node) *Node // converts from [b, c, h, w]
	leave(x *Node) *Node      // converts back

	// convolve takes a kernel [o, c, k, k], deconvolve one [c, o, 4, 4]; see Deconv.
	convolve(x, kernel *Node, stride, pad int) *Node
	deconvolve(x, kernel *Node) *Node

	// affine is x scale + shift, per channel; either may be nil.
	affine(x, scale, shift *Node) *Node
	// normalise normalises each channel to mean 0 and variance 1, and then applies affine. It
	// returns the mean and the biased variance, [c], as constants.
	normalise(x, scale, shift *Node, epsilon float64) (y, mean, variance *Node)

	relu(x *Node) *Node         // no gradient at zero, as in PyTorch
	prelu(x, slope *Node) *Node // one slope for all channels

	height(x *Node) int           // the number of rows
	maxPool(x *Node, n int) *Node // over n x n squares; the first of equal values gets the gradient
	spaceMean(x *Node) *Node      // over rows and columns: [b, c]
	flatten(x *Node) *Node        // [b, c h w], as in PyTorch
	join(x ...*Node) *Node        // along the channels
}

// formFor selects the form by the backend; no other code of this package depends on the backend.
// ONNX Runtime's convolution needs channels first.
func formFor(x *Node) form {
	if backend.IsONNXRuntime(x.Graph().Backend()) {
		return channelsFirst{}
	}
	return channelsLast{}
}

// window takes h rows and w columns of x from a corner on, every stride-th one. The axes of rows
// and columns are 1 and 2.
func window(x *Node, row, column, h, w, stride int) *Node {
	if row == 0 && column == 0 && stride == 1 && h == x.Shape().Dim(1) && w == x.Shape().Dim(2) {
		return x
	}
	return Slice(x, AxisRange(),
		AxisRange(row, row+(h-1)*stride+1).Stride(stride),
		AxisRange(column, column+(w-1)*stride+1).Stride(stride))
}

// onesOf returns ones of the same type as x.
func onesOf(x *Node, dims ...int) *Node {
	return Ones(x.Graph(), shapes.Make(x.DType(), dims...))
}

// zerosOf returns zeros of the same type as x.
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

// ReLU is max(x, 0) of any values. Like PyTorch's, it passes no gradient at zero.
func ReLU(x *Node) *Node { return formFor(x).relu(x) }
