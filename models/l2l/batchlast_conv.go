package l2l

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// convolve multiplies the kernel with the values that each position of the result
// sees. The gradient in x is a convolution of the result's gradient with the kernel
// turned around, after that has been spread out to undo the stride.
func (batchLast) convolve(x, kernel *Node, stride, pad int) *Node {
	d := kernel.Shape().Dimensions // [o, c, k, k]
	o, c, k := d[0], d[1], d[2]
	var seen sight
	return derive([]*Node{x, kernel}, func(in []*Node) *Node {
		h, w := in[0].Shape().Dim(1)+2*pad-k, in[0].Shape().Dim(2)+2*pad-k
		seen = look(in[0], k, stride, pad, o, h/stride+1, w/stride+1)
		return seen.product(Reshape(in[1], o, c*k*k))
	}, func(_, v *Node) []*Node {
		apart := compute.PadAxis{Interior: stride - 1}
		back := look(padSpace(v, apart, apart), k, 1, k-1-pad, c, x.Shape().Dim(1), x.Shape().Dim(2)).turned()
		turned := Reshape(TransposeAllAxes(Reshape(kernel, o, c, k*k), 1, 0, 2), c, o*k*k)
		return []*Node{back.product(turned), Reshape(seen.kernelGradient(v), d...)}
	})
}

// deconvolve makes the rows and columns of the result in their four parities, each of
// which sees 2x2 values. Its gradient in x is a convolution of stride 2.
func (batchLast) deconvolve(x, kernel *Node) *Node {
	d := kernel.Shape().Dimensions // [c, o, 4, 4]
	c, o := d[0], d[1]
	return derive([]*Node{x, kernel}, func(in []*Node) *Node {
		seen := look(in[0], 3, 1, 1, o, x.Shape().Dim(1), x.Shape().Dim(2))
		// Parity p of the result sees rows p and p+1 of those 3 through rows 3-p and
		// 1-p of the kernel.
		taps := Reshape(Reverse(in[1], 2, 3), c, o, 2, 2, 2, 2) // [c, o, row, parity, column, parity]
		taps = TransposeAllAxes(taps, 3, 5, 1, 0, 2, 4)         // [parity, parity, o, c, row, column]
		var parities []*Node
		for _, at := range corners(2) {
			matrix := Slice(taps, AxisElem(at[0]), AxisElem(at[1]))
			row, column := at[0], at[1]
			square := seen.only(3*row+column, 3*row+column+1, 3*row+column+3, 3*row+column+4)
			parities = append(parities, square.product(Reshape(matrix, o, c*4)))
		}
		return weave(parities, 2)
	}, func(_, v *Node) []*Node {
		seen := look(v, 4, 2, 1, c, x.Shape().Dim(1), x.Shape().Dim(2))
		return []*Node{
			seen.product(Reshape(kernel, c, o*16)),
			Reshape(seen.kernelGradient(x), d...),
		}
	})
}
