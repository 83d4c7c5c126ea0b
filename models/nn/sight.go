package nn

import (
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// A sight is the receptive fields of a convolution in x [c, h, w, b]: for each of the k k taps of
// the kernel, x moved by it.
type sight struct {
	x       *Node
	h, w    int // of the result
	grid    *grid
	padded  *Node    // without a grid: x with its border
	corners [][2]int // of the taps
	stride  int
}

// A grid is a way to move x without slices. There are as many zeros between rows as the kernel
// reaches beyond their ends, and zeros are joined before and after moved values. The cost is unused
// positions in the products.
type grid struct {
	pad, pitch int   // zeros between rows; from one row to the next
	rows       int   // all rows of a product
	spaced     *Node // x [c, h pitch b]
}

// slicingCost is the number of multiplications of a product that take as long as slicing a value,
// about 1 ns.
const slicingCost = 32

// look returns a sight of x for a result [o, h, w, b]. x gets before zeros before its rows and
// columns, and as many after them as are needed.
func look(x *Node, k, stride, before, o, h, w int) sight {
	d := x.Shape().Dimensions // [c, h', w', b]
	s := sight{x: x, corners: corners(k), stride: stride, h: h, w: w}
	if stride == 1 && before > 0 && k == 2*before+1 && h == d[1] && w == d[2] {
		g := &grid{pad: before, pitch: w + before, rows: h + k}
		if (g.rows*g.pitch-h*w)*o < slicingCost*h*w {
			spaced := Concatenate([]*Node{x, zerosOf(x, d[0], d[1], before, d[3])}, 2)
			g.spaced, s.grid = rows(spaced), g
			return s
		}
	}
	border := func(axis, size int) compute.PadAxis {
		return compute.PadAxis{Start: before, End: max((size-1)*stride+k-before-d[axis], 0)}
	}
	s.padded = padSpace(x, border(1, h), border(2, w))
	return s
}

// padSpace adds zeros around and between rows and columns of x.
func padSpace(x *Node, rows, columns compute.PadAxis) *Node {
	if rows == (compute.PadAxis{}) && columns == rows {
		return x
	}
	return Pad(x, ScalarZero(x.Graph(), x.DType()), compute.PadAxis{}, rows, columns)
}

// turned returns the sight with the taps in reverse order.
func (s sight) turned() sight {
	s.corners = slices.Clone(s.corners)
	slices.Reverse(s.corners)
	return s
}

// only returns the sight with some of the taps.
func (s sight) only(taps ...int) sight {
	all := s.corners
	s.corners = nil
	for _, i := range taps {
		s.corners = append(s.corners, all[i])
	}
	return s
}

// columns returns the matrix [c taps, positions] of all values in the sight.
func (s sight) columns() *Node {
	c, taps := s.x.Shape().Dim(0), len(s.corners)
	if s.grid != nil {
		return Reshape(s.grid.moved(s.x, s.grid.spaced, s.corners), c*taps, -1)
	}
	var windows []*Node
	for _, y := range crops(s.padded, s.h, s.w, s.stride, s.corners...) {
		windows = append(windows, rows(y))
	}
	return Reshape(join(windows, 1), c*taps, -1)
}

// product multiplies a kernel [o, c taps] with the sight: [o, h, w, b].
func (s sight) product(kernel *Node) *Node {
	o, b := kernel.Shape().Dim(0), s.x.Shape().Dim(3)
	y := Dot(kernel, s.columns()).MatMul()
	if g := s.grid; g != nil {
		return crops(Reshape(y, o, g.rows, g.pitch, b), s.h, s.w, 1, [2]int{g.pad, g.pad})[0]
	}
	return Reshape(y, o, s.h, s.w, b)
}

// kernelGradient returns the gradient [o, c taps] of a kernel for v [o, h, w, b], the gradient of
// its product.
func (s sight) kernelGradient(v *Node) *Node {
	matrix := rows(v)
	if g := s.grid; g != nil {
		d := v.Shape().Dimensions
		spaced := rows(Concatenate([]*Node{v, zerosOf(v, d[0], d[1], g.pad, d[3])}, 2))
		matrix = g.moved(v, spaced, [][2]int{{g.pad, g.pad}})
	}
	return TransposeAllAxes(DotGeneral(s.columns(), []int{1}, nil, matrix, []int{1}, nil), 1, 0)
}

// moved joins one copy of the spaced x for each corner. Position (row, column) of x is at (2 pad +
// row - corner, ...) of a copy. So position (row, column) of a copy holds the value in the receptive
// field of position (row - pad, column - pad) of the result.
func (g *grid) moved(x, spaced *Node, corners [][2]int) *Node {
	c, b := x.Shape().Dim(0), x.Shape().Dim(3)
	length := g.rows * g.pitch * b
	var parts []*Node
	gap := 0
	fill := func() {
		if gap > 0 {
			parts = append(parts, zerosOf(x, c, gap))
			gap = 0
		}
	}
	for _, at := range corners {
		start := ((2*g.pad-at[0])*g.pitch + 2*g.pad - at[1]) * b
		gap += start
		fill()
		parts = append(parts, spaced)
		gap = length - start - spaced.Shape().Dim(1)
	}
	fill()
	return join(parts, 1)
}
