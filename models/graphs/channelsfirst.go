package graphs

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// channelsFirst is the form for ONNX Runtime. Images stay [b, c, h, w], the layout of its
// convolution and pooling. GoMLX's backend for it has neither padding nor dilated convolutions of
// images, so it cannot derive slices or convolutions with a stride: their gradients are written by
// hand. Where and Sign are the slowest operations here, then joins of single values.
type channelsFirst struct{}

func (channelsFirst) enter(images *Node) *Node { return images }
func (channelsFirst) leave(x *Node) *Node      { return x }

func (channelsFirst) height(x *Node) int { return x.Shape().Dim(2) }

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

// above returns 1 where x is larger than y, else 0.
func above(x, y *Node) *Node { return ConvertDType(GreaterThan(x, y), x.DType()) }

func zero(x *Node) *Node { return ScalarZero(x.Graph(), x.DType()) }

// shifted takes h rows and w columns of x [b, c, h', w'] from a corner on, every stride-th one.
func shifted(x *Node, corner [2]int, h, w, stride int) *Node {
	return Slice(x, AxisRange(), AxisRange(),
		AxisRange(corner[0], corner[0]+(h-1)*stride+1).Stride(stride),
		AxisRange(corner[1], corner[1]+(w-1)*stride+1).Stride(stride))
}

// maxPool compares the values of a square in PyTorch's order. The gradient goes to the last value
// that was larger than all before it.
func (channelsFirst) maxPool(x *Node, n int) *Node {
	if n == 1 {
		return x
	}
	d := x.Shape().Dimensions
	return derive([]*Node{x}, func(in []*Node) *Node {
		return MaxPool(in[0]).FullShape().WindowPerAxis(1, 1, n, n).Done()
	}, func(_, v *Node) []*Node {
		var values, largest []*Node // largest[i] is the largest of values[:i+1]
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

// interleaved is the reverse of taking all windows with stride n. It combines n n images [b, c, h,
// w], each with every n-th row and column, in the order of their corners. A product puts the
// columns, which are single values, in order.
func interleaved(parts []*Node, n int) *Node {
	d := parts[0].Shape().Dimensions
	w := n * d[3]
	x := Reshape(Concatenate(parts, 3), -1, w) // [b c h n, n w]
	index := Iota(x.Graph(), shapes.Make(dtypes.Int32, w), 0)
	order := ConvertDType(Equal(Reshape(index, w, 1), Reshape(index, 1, w)), x.DType())
	order = Reshape(TransposeAllAxes(Reshape(order, d[3], n, w), 1, 0, 2), w, w)
	return Reshape(Dot(x, order).MatMul(), d[0], d[1], n*d[2], w)
}

// orientations of kernels: [o, c, k, k] and [c, o, k, k].
var (
	outFirst = compute.ConvolveAxesConfig{
		InputBatch: 0, InputChannels: 1, InputSpatial: []int{2, 3},
		KernelOutputChannels: 0, KernelInputChannels: 1, KernelSpatial: []int{2, 3},
		OutputBatch: 0, OutputChannels: 1, OutputSpatial: []int{2, 3},
	}
	inFirst = compute.ConvolveAxesConfig{
		InputBatch: 0, InputChannels: 1, InputSpatial: []int{2, 3},
		KernelOutputChannels: 1, KernelInputChannels: 0, KernelSpatial: []int{2, 3},
		OutputBatch: 0, OutputChannels: 1, OutputSpatial: []int{2, 3},
	}
)

func convolution(x, kernel *Node, axes compute.ConvolveAxesConfig, stride int, rows, columns [2]int) *Node {
	return Convolve(x, kernel).AxesConfig(axes).Strides(stride).PaddingPerDim([][2]int{rows, columns}).Done()
}

// convolve has a convolution as its gradient in x: of the result's gradient with the reversed
// kernel. For a stride, the gradient is spread out first.
func (f channelsFirst) convolve(x, kernel *Node, stride, pad int) *Node {
	return derive([]*Node{x, kernel}, func(in []*Node) *Node {
		return convolution(in[0], in[1], outFirst, stride, [2]int{pad, pad}, [2]int{pad, pad})
	}, func(y, v *Node) []*Node {
		k := kernel.Shape().Dim(2)
		apart, border := spread(v, stride), k-1-pad
		after := func(axis int) int { return x.Shape().Dim(axis) - apart.Shape().Dim(axis) + k - 1 - border }
		back := convolution(apart, Reverse(kernel, 2, 3), inFirst, 1, [2]int{border, after(2)}, [2]int{border, after(3)})
		return []*Node{back, kernelGradient(x, v, k, stride, pad)}
	})
}

// spread inserts stride-1 zeros between the rows and columns of x, and none after the last one.
func spread(x *Node, stride int) *Node {
	if stride == 1 {
		return x
	}
	parts := []*Node{x}
	for len(parts) < stride*stride {
		parts = append(parts, ZerosLike(x))
	}
	h, w := x.Shape().Dim(2), x.Shape().Dim(3)
	return shifted(interleaved(parts, stride), [2]int{}, (h-1)*stride+1, (w-1)*stride+1, 1)
}

// kernelGradient returns the gradient [o, c, k, k] of the kernel of a convolution of x [b, c, h',
// w']. v [b, o, h, w] is the gradient of the result. The gradient is a product of the receptive
// fields with v. Each column of the kernel needs a copy of x by short runs; the rows are made from
// these copies by long runs.
func kernelGradient(x, v *Node, k, stride, pad int) *Node {
	c, o, h, w := x.Shape().Dim(1), v.Shape().Dim(1), v.Shape().Dim(2), v.Shape().Dim(3)
	x = border(TransposeAllAxes(x, 1, 0, 2, 3), pad)
	var columns []*Node
	for column := range k {
		columns = append(columns, Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(column, column+(w-1)*stride+1).Stride(stride)))
	}
	x = Concatenate(columns, 0) // [k c, b, h', w]
	v = Reshape(TransposeAllAxes(v, 0, 2, 3, 1), -1, o)
	var rows []*Node
	for row := range k {
		seen := Slice(x, AxisRange(), AxisRange(), AxisRange(row, row+(h-1)*stride+1).Stride(stride))
		rows = append(rows, Dot(Reshape(seen, k*c, -1), v).MatMul()) // [k c, o]
	}
	return TransposeAllAxes(Reshape(Concatenate(rows, 0), k, k, c, o), 3, 2, 0, 1)
}

// border adds n rows and columns of zeros around x [b, c, h, w].
func border(x *Node, n int) *Node {
	if n == 0 {
		return x
	}
	for _, axis := range []int{2, 3} {
		d := x.Shape().Clone().Dimensions
		d[axis] = n
		zeros := zerosOf(x, d...)
		x = Concatenate([]*Node{zeros, x, zeros}, axis)
	}
	return x
}

// deconvolve computes the rows and columns of the result in four parities, each by a 2x2
// convolution. The gradient in x is a convolution with stride 2.
func (f channelsFirst) deconvolve(x, kernel *Node) *Node {
	d := x.Shape().Dimensions
	b, c, h, w, o := d[0], d[1], d[2], d[3], kernel.Shape().Dim(1)
	return derive([]*Node{x, kernel}, func(in []*Node) *Node {
		// Parity p of the result depends on rows p-1 and p through rows 3-p and 1-p of the kernel.
		taps := Reshape(Reverse(in[1], 2, 3), c, o, 2, 2, 2, 2) // [c, o, row, parity, column, parity]
		taps = TransposeAllAxes(taps, 3, 5, 1, 0, 2, 4)         // [parity, parity, o, c, row, column]
		var parts []*Node
		for _, odd := range corners(2) {
			small := Reshape(Slice(taps, AxisElem(odd[0]), AxisElem(odd[1])), o, c, 2, 2)
			y := convolution(in[0], small, outFirst, 1, [2]int{1 - odd[0], odd[0]}, [2]int{1 - odd[1], odd[1]})
			parts = append(parts, Reshape(y, b, o, 1, h, w, 1))
		}
		rows := Concatenate([]*Node{Concatenate(parts[:2], 5), Concatenate(parts[2:], 5)}, 2) // [b, o, 2, h, w, 2]
		return Reshape(TransposeAllAxes(rows, 0, 1, 3, 2, 4, 5), b, o, 2*h, 2*w)
	}, func(_, v *Node) []*Node {
		return []*Node{
			convolution(v, kernel, outFirst, 2, [2]int{1, 1}, [2]int{1, 1}),
			kernelGradient(v, x, 4, 2, 1),
		}
	})
}
