package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// maxPool goes through the values of a square in PyTorch's order. On the way back
// the gradient goes to the last one that was larger than what had been before.
func (batchLast) maxPool(x *Node, n int) *Node {
	if n == 1 {
		return x
	}
	var values, largest []*Node // largest[i] is that of values up to i
	return derive([]*Node{x}, func(in []*Node) *Node {
		d := x.Shape().Dimensions
		values = crops(in[0], d[1]/n, d[2]/n, n, corners(n)...)
		largest = values[:1:1]
		for _, next := range values[1:] {
			largest = append(largest, Max(largest[len(largest)-1], next))
		}
		return largest[len(largest)-1]
	}, func(_, v *Node) []*Node {
		squares := make([]*Node, len(values))
		for i := len(values) - 1; i > 0; i-- {
			squares[i] = masked(v, negative(Sub(largest[i-1], values[i])))
			v = Sub(v, squares[i])
		}
		squares[0] = v
		return []*Node{weave(squares, n)}
	})
}
