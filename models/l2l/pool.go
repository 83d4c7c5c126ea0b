package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// maxPool takes the largest of each n x n square of x [b, h, w, c]. Of equal values,
// which images with saturated areas have, the first gets the gradient, as in
// PyTorch; a reduction would give it to all.
func maxPool(x *Node, n int) *Node {
	h, w := x.Shape().Dim(1)/n, x.Shape().Dim(2)/n
	var largest *Node
	for row := range n {
		for column := range n {
			next := window(x, row, column, h, w, n)
			if largest == nil {
				largest = next
			} else {
				largest = Max(largest, next) // its gradient goes to the left one of equals
			}
		}
	}
	return largest // [b, h/n, w/n, c]
}

// spaceMean takes the mean over rows and columns of x [b, h, w, c]: [b, c].
func spaceMean(x *Node) *Node { return ReduceMean(x, 1, 2) }

// flatten puts x [b, h, w, c] into rows in PyTorch's order, c before h and w.
func flatten(x *Node) *Node {
	return Reshape(channelsFirst(x), x.Shape().Dim(0), -1)
}
