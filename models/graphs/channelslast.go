package graphs

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors/images"
)

// channelsLast is the form for compilers. Images are [b, h, w, c], and layers use the operations
// that compilers know.
type channelsLast struct{}

func (channelsLast) enter(images *Node) *Node { return TransposeAllAxes(images, 0, 2, 3, 1) }
func (channelsLast) leave(x *Node) *Node      { return TransposeAllAxes(x, 0, 3, 1, 2) }

func (channelsLast) height(x *Node) int { return x.Shape().Dim(1) }

func (channelsLast) spaceMean(x *Node) *Node { return ReduceMean(x, 1, 2) }

func (f channelsLast) flatten(x *Node) *Node { return Reshape(f.leave(x), x.Shape().Dim(0), -1) }

func (channelsLast) join(x ...*Node) *Node { return Concatenate(x, -1) }

func (channelsLast) convolve(x, kernel *Node, stride, pad int) *Node {
	return Convolve(x, TransposeAllAxes(kernel, 2, 3, 1, 0)).
		ChannelsAxis(images.ChannelsLast).
		Strides(stride).
		PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).
		Done()
}

// deconvolve computes each parity of rows and columns by a 2x2 convolution. So it computes no
// products with inserted zeros.
func (f channelsLast) deconvolve(x, kernel *Node) *Node {
	b, h, w := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2)
	c, o := kernel.Shape().Dim(0), kernel.Shape().Dim(1)
	kernel = TransposeAllAxes(kernel, 2, 3, 0, 1) // [4, 4, c, o]
	x = zeroBorder(x, 1)
	var parities []*Node
	for _, odd := range corners(2) {
		var shifted, matrix []*Node
		for i, row := range taps[odd[0]] {
			for j, column := range taps[odd[1]] {
				shifted = append(shifted, window(x, odd[0]+i, odd[1]+j, h, w, 1))
				matrix = append(matrix, Reshape(Slice(kernel, AxisRange(row, row+1), AxisRange(column, column+1)), c, o))
			}
		}
		y := Dot(Reshape(f.join(shifted...), b*h*w, 4*c), Concatenate(matrix, 0)).MatMul()
		parities = append(parities, y)
	}
	y := Reshape(f.join(parities...), b, h, w, 2, 2, o)
	y = TransposeAllAxes(y, 0, 1, 3, 2, 4, 5) // [b, h, 2, w, 2, o]
	return Reshape(y, b, 2*h, 2*w, o)
}

// taps are the rows (or columns) of the kernel for even and odd rows of the output. Output row
// 2m+odd depends on input rows m-1+odd and m+odd, in this order.
var taps = [2][2]int{{3, 1}, {2, 0}}

func (channelsLast) affine(x, scale, shift *Node) *Node {
	if scale != nil {
		x = Mul(x, perChannel(scale, x))
	}
	if shift != nil {
		x = Add(x, perChannel(shift, x))
	}
	return x
}

func (f channelsLast) normalise(x, scale, shift *Node, epsilon float64) (y, mean, variance *Node) {
	constant := StopGradient(x)
	mean = channelMean(constant)
	variance = channelMean(Square(Sub(constant, perChannel(mean, x))))
	inverse := Reciprocal(Sqrt(AddScalar(variance, epsilon)))
	x = throughStatistics(x, mean, inverse)
	normal := Mul(Sub(x, perChannel(mean, x)), perChannel(inverse, x))
	return f.affine(normal, scale, shift), mean, variance
}

// throughStatistics returns x. To the gradient of x it adds the gradient through the mean and the
// variance. With n = (x - mean) inverse, and v the gradient for a constant mean and variance, the
// sum is
//
//	v - mean(v) - n mean(v n)
//
// which takes fewer passes over x than the derivation of each operation.
func throughStatistics(x, mean, inverse *Node) *Node {
	return IdentityWithCustomGradient(x, func(x, v *Node) *Node {
		normal := Mul(Sub(x, perChannel(mean, x)), perChannel(inverse, x))
		v = Sub(v, perChannel(channelMean(v), v))
		return Sub(v, Mul(normal, perChannel(channelMean(Mul(v, normal)), v)))
	})
}

// channelMean returns the mean [c] of x [..., c] over all but the channels.
func channelMean(x *Node) *Node {
	c := x.Shape().Dim(-1)
	n := x.Shape().Size() / c
	ones := MulScalar(onesOf(x, 1, n), 1/float64(n))
	return Reshape(Dot(ones, Reshape(x, n, c)).MatMul(), c)
}

func (channelsLast) relu(x *Node) *Node {
	zeros := ZerosLike(x)
	return Where(GreaterThan(x, zeros), x, zeros)
}

func (channelsLast) prelu(x, slope *Node) *Node {
	return Where(GreaterThan(x, ZerosLike(x)), x, Mul(x, slope))
}

// maxPool compares in PyTorch's order. A reduction would give the gradient to all equal values.
func (channelsLast) maxPool(x *Node, n int) *Node {
	h, w := x.Shape().Dim(1)/n, x.Shape().Dim(2)/n
	var largest *Node
	for _, at := range corners(n) {
		next := window(x, at[0], at[1], h, w, n)
		if largest == nil {
			largest = next
		} else {
			largest = Max(largest, next) // the gradient goes to the left one of equal values
		}
	}
	return largest // [b, h/n, w/n, c]
}

// zeroBorder adds n rows and columns of zeros around x [b, h, w, c]. It uses joins, because not
// every backend has padding.
func zeroBorder(x *Node, n int) *Node {
	for _, axis := range []int{1, 2} {
		d := x.Shape().Clone().Dimensions
		d[axis] = n
		zeros := zerosOf(x, d...)
		x = Concatenate([]*Node{zeros, x, zeros}, axis)
	}
	return x
}

// perChannel reshapes v [c] for arithmetic with x [..., c].
func perChannel(v, x *Node) *Node {
	d := make([]int, x.Rank())
	for i := range d {
		d[i] = 1
	}
	d[len(d)-1] = v.Shape().Size()
	return Reshape(v, d...)
}
