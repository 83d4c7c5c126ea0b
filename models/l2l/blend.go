package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// blendLimit is up to how many channels a product with diagonal matrices is faster
// than broadcasting and arithmetic by the value. It also uses all threads.
const blendLimit = 64

// blend adds up terms of matrices [c, n], and a shift [c] for each row, which may be
// nil. What is not a
// number in one channel may come to the others of its position, too: zeros of the
// matrix are multiplied with it.
func blend(shift *Node, terms ...term) *Node {
	c, n := terms[0].x.Shape().Dim(0), terms[0].x.Shape().Dim(1)
	if len(terms) == 1 && terms[0].scale == nil && shift == nil {
		return terms[0].x
	}
	if c > blendLimit {
		return blendByValue(shift, terms)
	}
	var matrix, stack []*Node
	for _, t := range terms {
		matrix, stack = append(matrix, diagonal(t, c)), append(stack, t.x)
	}
	if shift != nil {
		matrix, stack = append(matrix, Reshape(shift, c, 1)), append(stack, onesOf(shift, 1, n))
	}
	return Dot(join(matrix, 1), join(stack, 0)).MatMul()
}

func diagonal(t term, c int) *Node {
	eye := ConvertDType(Diagonal(t.x.Graph(), c), t.x.DType())
	if t.scale == nil {
		return eye
	}
	return Mul(eye, Reshape(t.scale, c, 1))
}

func blendByValue(shift *Node, terms []term) (sum *Node) {
	for _, t := range terms {
		x := t.x
		if t.scale != nil {
			x = Mul(x, column(t.scale, x))
		}
		if sum == nil {
			sum = x
		} else {
			sum = Add(sum, x)
		}
	}
	if shift != nil {
		sum = Add(sum, column(shift, sum))
	}
	return sum
}
