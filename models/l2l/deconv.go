package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A deconv is PyTorch's ConvTranspose2d with a 4x4 kernel, stride 2, padding 1 and
// no bias: it doubles rows and columns.
type deconv struct{ weight int }

func (b *builder) deconv(name string, in, out int) deconv {
	// PyTorch takes the second dimension for the inputs, here, too.
	return deconv{b.trainable(name+".weight", pytorchDefault(out*4*4), in, out, 4, 4)}
}

// taps are the rows (or columns) of the kernel that reach even and odd rows of the
// output: output row 2m+odd sees the input rows m-1+odd and m+odd, in this order.
var taps = [2][2]int{{3, 1}, {2, 0}}

// apply maps x [b, h, w, c] to [b, 2h, 2w, o]: each parity of rows and columns is a
// 2x2 convolution of x, so no product with inserted zeros is made.
func (d deconv) apply(p *pass, x *Node) *Node {
	kernel := p.nodes[d.weight] // [c, o, 4, 4]
	b, h, w := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2)
	c, o := kernel.Shape().Dim(0), kernel.Shape().Dim(1)
	kernel = TransposeAllAxes(kernel, 2, 3, 0, 1) // [4, 4, c, o]
	x = zeroBorder(x, 1)
	var parities []*Node
	for oddRow := range 2 {
		for oddColumn := range 2 {
			var shifted, matrix []*Node
			for i, row := range taps[oddRow] {
				for j, column := range taps[oddColumn] {
					shifted = append(shifted, window(x, oddRow+i, oddColumn+j, h, w, 1))
					matrix = append(matrix, Reshape(Slice(kernel, AxisRange(row, row+1), AxisRange(column, column+1)), c, o))
				}
			}
			parities = append(parities, product(join(shifted, -1), join(matrix, 0))) // [b, h, w, o]
		}
	}
	y := Reshape(join(parities, -1), b, h, w, 2, 2, o)
	y = TransposeAllAxes(y, 0, 1, 3, 2, 4, 5) // [b, h, 2, w, 2, o]
	return Reshape(y, b, 2*h, 2*w, o)
}
