package l2l

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// batchLast is the form for the Go backend. Images are [c, h, w, b], so that a
// convolution is a matrix product without any transposition and everything else that
// moves moves in long runs of memory. There, joining costs a tenth of a nanosecond for
// a value and products with ones or with a column not more, arithmetic one half,
// slicing, transposing and broadcasting two: layers are made of what is cheap, and
// their gradients are given by hand.
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

// alike gives y the shape of x.
func alike(y, x *Node) *Node { return Reshape(y, x.Shape().Dimensions...) }

// column fills the rows of a matrix like x [c, n] with the values of v [c].
func column(v, x *Node) *Node {
	return Dot(Reshape(v, -1, 1), onesOf(x, 1, x.Shape().Dim(1))).MatMul()
}

// rowSum adds up the rows of x [c, n]: [c].
func rowSum(x *Node) *Node {
	return Reshape(DotGeneral(onesOf(x, 1, x.Shape().Dim(1)), []int{1}, nil, x, []int{1}, nil), -1)
}

// rowDot multiplies the rows of x and y [c, n] with each other: [c].
func rowDot(x, y *Node) *Node { return DotGeneral(x, []int{1}, []int{0}, y, []int{1}, []int{0}) }

// crops takes windows of h rows and w columns of x [c, h', w', b], each from a corner
// on, every stride-th row and column. Slicing costs by the value, whatever its size,
// so two images go as one.
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

// weave is the reverse of crops by stride n: it puts together the n n images of
// which each has every n-th row and column, in the order of their corners.
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
