package l2l

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

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

// convolve has as its gradient in x a convolution of the result's gradient with the
// kernel turned around, after that has been spread out to undo the stride.
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

// spread puts stride-1 zeros between the rows and columns of x, none after the last.
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

// kernelGradient is the gradient [o, c, k, k] in the kernel of a convolution of x
// [b, c, h', w'], where v [b, o, h, w] is that of its result: products of what the
// positions of the result see with v. Each column of the kernel is a copy of x by short
// runs; its rows are made of these by long ones.
func kernelGradient(x, v *Node, k, stride, pad int) *Node {
	c, o, h, w := x.Shape().Dim(1), v.Shape().Dim(1), v.Shape().Dim(2), v.Shape().Dim(3)
	x = border(TransposeAllAxes(x, 1, 0, 2, 3), pad)
	var columns []*Node
	for column := range k {
		columns = append(columns, Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(column, column+(w-1)*stride+1).Stride(stride)))
	}
	x = join(columns, 0) // [k c, b, h', w]
	v = Reshape(TransposeAllAxes(v, 0, 2, 3, 1), -1, o)
	var rows []*Node
	for row := range k {
		seen := Slice(x, AxisRange(), AxisRange(), AxisRange(row, row+(h-1)*stride+1).Stride(stride))
		rows = append(rows, Dot(Reshape(seen, k*c, -1), v).MatMul()) // [k c, o]
	}
	return TransposeAllAxes(Reshape(join(rows, 0), k, k, c, o), 3, 2, 0, 1)
}

// border puts n rows and columns of zeros around x [b, c, h, w].
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

// deconvolve makes the rows and columns of the result in their four parities, each by
// a 2x2 convolution. Its gradient in x is a convolution of stride 2.
func (f channelsFirst) deconvolve(x, kernel *Node) *Node {
	d := x.Shape().Dimensions
	b, c, h, w, o := d[0], d[1], d[2], d[3], kernel.Shape().Dim(1)
	return derive([]*Node{x, kernel}, func(in []*Node) *Node {
		// Parity p of the result sees the rows p-1 and p through rows 3-p and 1-p of the kernel.
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
