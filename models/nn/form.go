package nn

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// A form is a way to compute a network's layers and to lay out the images in it. Each backend has
// its best form. Images outside networks are [b, c, h, w]. Inside, only the form depends on their
// layout.
type form interface {
	sizes(batch int) []int    // sizes of the parts of a batch
	enter(images *Node) *Node // converts from [b, c, h, w]
	leave(x *Node) *Node      // converts back

	// convolve takes a kernel [o, c, k, k], deconvolve one [c, o, 4, 4]; see Deconv.
	convolve(x, kernel *Node, stride, pad int) *Node
	deconvolve(x, kernel *Node) *Node

	// affine is x scale + shift, per channel; either may be nil.
	affine(x, scale, shift *Node) *Node
	// normalise normalises each channel over all parts of a batch to mean 0 and variance 1, and
	// then applies affine. It returns the mean and the biased variance, [c], as constants.
	normalise(x Parts, scale, shift *Node, epsilon float64) (y Parts, mean, variance *Node)

	relu(x *Node) *Node         // no gradient at zero, as in PyTorch
	prelu(x, slope *Node) *Node // one slope for all channels

	maxPool(x *Node, n int) *Node // over n x n squares; the first of equal values gets the gradient
	spaceMean(x *Node) *Node      // over rows and columns: [b, c]
	flatten(x *Node) *Node        // [b, c h w], as in PyTorch
	join(x ...*Node) *Node        // along the channels
}

// formFor selects the form by the backend; no other code depends on the backend. The Go backend's
// own convolution is 20 to 50 times slower than its matrix product. The other backends have fast
// convolutions. ONNX Runtime's needs channels first.
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

// join concatenates nodes. It returns a single node as it is.
func join(x []*Node, axis int) *Node {
	if len(x) == 1 {
		return x[0]
	}
	return Concatenate(x, axis)
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
