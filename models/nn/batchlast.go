package nn

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// batchLast is the form for the Go backend. Images are [c, h, w, b], so that a convolution is a
// matrix product without transposition, and other operations move long runs of memory. In this
// layout, joining costs a tenth of a nanosecond per value, and so do products with ones or with a
// column. Arithmetic costs half a nanosecond. Slicing, transposing and broadcasting cost two. So
// layers use the cheap operations, and their gradients are written by hand.
type batchLast struct{}

func (batchLast) sizes(batch int) []int { return halves(batch) }

func (batchLast) enter(images *Node) *Node { return TransposeAllAxes(images, 1, 2, 3, 0) }
func (batchLast) leave(x *Node) *Node      { return TransposeAllAxes(x, 3, 0, 1, 2) }

func (batchLast) spaceMean(x *Node) *Node { return TransposeAllAxes(ReduceMean(x, 1, 2), 1, 0) }

func (batchLast) flatten(x *Node) *Node {
	return TransposeAllAxes(Reshape(x, -1, x.Shape().Dim(-1)), 1, 0)
}

func (batchLast) join(x ...*Node) *Node { return Concatenate(x, 0) }

// rows flattens x to [c, n], one row for a channel.
func rows(x *Node) *Node { return Reshape(x, x.Shape().Dim(0), -1) }

// alike reshapes y to the shape of x.
func alike(y, x *Node) *Node { return Reshape(y, x.Shape().Dimensions...) }

// column returns a matrix like x [c, n] whose rows are filled with the values of v [c].
func column(v, x *Node) *Node {
	return Dot(Reshape(v, -1, 1), onesOf(x, 1, x.Shape().Dim(1))).MatMul()
}

// rowSum returns the sums of the rows of x [c, n]: [c].
func rowSum(x *Node) *Node {
	return Reshape(DotGeneral(onesOf(x, 1, x.Shape().Dim(1)), []int{1}, nil, x, []int{1}, nil), -1)
}

// rowDot returns the products of the rows of x with those of y [c, n]: [c].
func rowDot(x, y *Node) *Node { return DotGeneral(x, []int{1}, []int{0}, y, []int{1}, []int{0}) }

// crops takes windows of h rows and w columns of x [c, h', w', b], one from each corner, with every
// stride-th row and column. The cost of slicing depends on the number of values, not on their size,
// so two images are sliced as one.
func crops(x *Node, h, w, stride int, corners ...[2]int) []*Node {
	d := x.Shape().Dimensions
	paired := d[3]%2 == 0
	if paired {
		x = Bitcast(Reshape(x, d[0], d[1], d[2], d[3]/2, 2), dtypes.Uint64)
	}
	var windows []*Node
	for _, at := range corners {
		y := window(x, at[0], at[1], h, w, stride)
		if paired {
			y = Reshape(Bitcast(y, dtypes.Float32), d[0], h, w, d[3])
		}
		windows = append(windows, y)
	}
	return windows
}

// weave is the reverse of crops with stride n. It combines n n images, each with every n-th row and
// column, in the order of their corners.
func weave(parts []*Node, n int) *Node {
	d := parts[0].Shape().Dimensions // [c, h, w, b]
	var wide []*Node
	for row := range n {
		var across []*Node
		for _, x := range parts[row*n : (row+1)*n] {
			across = append(across, Reshape(x, d[0], d[1], d[2], 1, d[3]))
		}
		wide = append(wide, Reshape(join(across, 3), d[0], d[1], 1, n*d[2]*d[3]))
	}
	return Reshape(join(wide, 2), d[0], n*d[1], n*d[2], d[3])
}

// convolve multiplies the kernel with the receptive field of each position of the result. The
// gradient in x is a convolution of the result's gradient with the reversed kernel. For a stride,
// the gradient is spread out first.
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

// deconvolve computes the rows and columns of the result in four parities. Each depends on 2x2
// values. The gradient in x is a convolution with stride 2.
func (batchLast) deconvolve(x, kernel *Node) *Node {
	d := kernel.Shape().Dimensions // [c, o, 4, 4]
	c, o := d[0], d[1]
	return derive([]*Node{x, kernel}, func(in []*Node) *Node {
		seen := look(in[0], 3, 1, 1, o, x.Shape().Dim(1), x.Shape().Dim(2))
		// Parity p of the result depends on rows p and p+1 of the three, through rows 3-p and 1-p
		// of the kernel.
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

func (f batchLast) affine(x, scale, shift *Node) *Node { return affineBy(f, x, scale, shift) }

func (f batchLast) normalise(x Parts, scale, shift *Node, epsilon float64) (y Parts, mean, variance *Node) {
	return normaliseBy(f, x, scale, shift, epsilon)
}

func (batchLast) channels(x *Node) int { return x.Shape().Dim(0) }
func (batchLast) sum(x *Node) *Node    { return rowSum(rows(x)) }
func (batchLast) dot(x, y *Node) *Node { return rowDot(rows(x), rows(y)) }

func (batchLast) blend(shift *Node, terms ...term) *Node {
	flat := make([]term, len(terms))
	for i, t := range terms {
		flat[i] = term{rows(t.x), t.scale}
	}
	return alike(blend(shift, flat...), terms[0].x)
}

// maxPool compares the values of a square in PyTorch's order. The gradient goes to the last value
// that was larger than all before it.
func (batchLast) maxPool(x *Node, n int) *Node {
	if n == 1 {
		return x
	}
	var values, largest []*Node // largest[i] is the largest of values[:i+1]
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

func (batchLast) relu(x *Node) *Node {
	return derive([]*Node{x}, func(in []*Node) *Node { return MaxScalar(in[0], 0) },
		func(y, v *Node) []*Node { return []*Node{masked(v, positive(y))} })
}

// prelu is max(x, 0) + slope min(x, 0).
func (batchLast) prelu(x, slope *Node) *Node {
	var above, below *Node
	return derive([]*Node{x, slope}, func(in []*Node) *Node {
		above, below = MaxScalar(in[0], 0), MinScalar(in[0], 0)
		return Add(above, Mul(below, slope))
	}, func(_, v *Node) []*Node {
		kept := masked(v, positive(above))
		return []*Node{
			Add(kept, Mul(Sub(v, kept), slope)),
			Reshape(Dot(Reshape(v, 1, -1), Reshape(below, -1, 1)).MatMul()),
		}
	})
}

// Selection uses bits. With random signs, a processor would mispredict half of the branches of
// Where and Sign.

// masked keeps the values of x where the mask has all bits set, and makes the others 0.
func masked(x, mask *Node) *Node {
	return Bitcast(BitwiseAnd(Bitcast(x, dtypes.Int32), mask), dtypes.Float32)
}

// positive is the mask of values above 0. No value may be below 0.
func positive(x *Node) *Node { return signs(Neg(Bitcast(x, dtypes.Int32))) }

// negative is the mask of values below 0. It treats -0 as below 0, but differences of equal values
// are never -0.
func negative(x *Node) *Node { return signs(Bitcast(x, dtypes.Int32)) }

func signs(bits *Node) *Node { return BitwiseShiftRightArithmeticScalar(bits, 31) }
