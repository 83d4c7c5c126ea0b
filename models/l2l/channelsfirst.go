package l2l

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// channelsFirst is the form for ONNX Runtime: images stay [b, c, h, w], as its
// convolution and pooling take them. GoMLX's backend for it has no padding and no
// convolution of images that are spread out, so it derives neither slices nor
// convolutions with a stride: gradients are given by hand. Here Where and Sign are
// what is slow, joining single values comes next.
type channelsFirst struct{}

func (channelsFirst) sizes(batch int) []int { return []int{batch} }

func (channelsFirst) enter(images *Node) *Node { return images }
func (channelsFirst) leave(x *Node) *Node      { return x }

func (channelsFirst) spaceMean(x *Node) *Node { return ReduceMean(x, 2, 3) }

func (channelsFirst) flatten(x *Node) *Node { return Reshape(x, x.Shape().Dim(0), -1) }

func (channelsFirst) join(x ...*Node) *Node {
	return derive(x, func(in []*Node) *Node { return Concatenate(in, 1) }, func(_, v *Node) (gradients []*Node) {
		first := 0
		for _, part := range x {
			end := first + part.Shape().Dim(1)
			gradients = append(gradients, Slice(v, AxisRange(), AxisRange(first, end)))
			first = end
		}
		return gradients
	})
}

func (channelsFirst) relu(x *Node) *Node {
	return derive([]*Node{x}, func(in []*Node) *Node { return MaxScalar(in[0], 0) },
		func(y, v *Node) []*Node { return []*Node{Mul(v, above(y, zero(y)))} })
}

// prelu is max(x, 0) + slope min(x, 0).
func (channelsFirst) prelu(x, slope *Node) *Node {
	var below *Node
	return derive([]*Node{x, slope}, func(in []*Node) *Node {
		below = MinScalar(in[0], 0)
		return Add(MaxScalar(in[0], 0), Mul(below, slope))
	}, func(_, v *Node) []*Node {
		kept := Mul(v, above(x, zero(x)))
		return []*Node{
			Add(kept, Mul(Sub(v, kept), slope)),
			ReduceAllSum(Mul(v, below)),
		}
	})
}

// above is 1 where x is larger than y, else 0.
func above(x, y *Node) *Node { return ConvertDType(GreaterThan(x, y), x.DType()) }

func zero(x *Node) *Node { return ScalarZero(x.Graph(), x.DType()) }

// shifted takes h rows and w columns of x [b, c, h', w'] from a corner on, each
// stride-th of them.
func shifted(x *Node, corner [2]int, h, w, stride int) *Node {
	return Slice(x, AxisRange(), AxisRange(),
		AxisRange(corner[0], corner[0]+(h-1)*stride+1).Stride(stride),
		AxisRange(corner[1], corner[1]+(w-1)*stride+1).Stride(stride))
}

// maxPool has the gradient of batchLast's.
func (channelsFirst) maxPool(x *Node, n int) *Node {
	if n == 1 {
		return x
	}
	d := x.Shape().Dimensions
	return derive([]*Node{x}, func(in []*Node) *Node {
		return MaxPool(in[0]).FullShape().WindowPerAxis(1, 1, n, n).Done()
	}, func(_, v *Node) []*Node {
		var values, largest []*Node // largest[i] is that of values up to i
		for i, at := range corners(n) {
			values = append(values, shifted(x, at, d[2]/n, d[3]/n, n))
			largest = append(largest, values[i])
			if i > 0 {
				largest[i] = Max(largest[i-1], values[i])
			}
		}
		parts := make([]*Node, len(values))
		for i := len(values) - 1; i > 0; i-- {
			parts[i] = Mul(v, above(values[i], largest[i-1]))
			v = Sub(v, parts[i])
		}
		parts[0] = v
		return []*Node{interleaved(parts, n)}
	})
}

// interleaved is the reverse of taking all windows by stride n: it puts together n n
// images [b, c, h, w] of which each has every n-th row and column, in the order of their
// corners. The columns, which are single values, are put in their order by a product.
func interleaved(parts []*Node, n int) *Node {
	d := parts[0].Shape().Dimensions
	w := n * d[3]
	x := Reshape(Concatenate(parts, 3), -1, w) // [b c h n, n w]
	index := Iota(x.Graph(), shapes.Make(dtypes.Int32, w), 0)
	order := ConvertDType(Equal(Reshape(index, w, 1), Reshape(index, 1, w)), x.DType())
	order = Reshape(TransposeAllAxes(Reshape(order, d[3], n, w), 1, 0, 2), w, w)
	return Reshape(Dot(x, order).MatMul(), d[0], d[1], n*d[2], w)
}
