package l2l

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

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
