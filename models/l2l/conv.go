package l2l

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors/images"

	"foil/models/backend"
)

// A conv is a convolution as PyTorch's Conv2d: a square kernel, the same zeros on
// both sides (unlike SAME padding where the stride is 2), perhaps a bias.
type conv struct {
	weight, bias        int // bias: -1 for none
	kernel, stride, pad int
}

// convSpec describes a conv to declare; its inits are PyTorch's where they are nil.
type convSpec struct {
	in, out, kernel, stride, pad int
	bias                         bool
	weightInit, biasInit         initializer
}

// conv3x3 is the convolution that most layers have.
func conv3x3(in, out, stride int) convSpec {
	return convSpec{in: in, out: out, kernel: 3, stride: stride, pad: 1}
}

// conv1x1 is the convolution of shortcuts.
func conv1x1(in, out, stride int) convSpec {
	return convSpec{in: in, out: out, kernel: 1, stride: stride}
}

func (s convSpec) withBias() convSpec {
	s.bias = true
	return s
}

func (s convSpec) weights(init initializer) convSpec {
	s.weightInit = init
	return s
}

func (s convSpec) fanIn() int  { return s.in * s.kernel * s.kernel }
func (s convSpec) fanOut() int { return s.out * s.kernel * s.kernel }

func (b *builder) conv(name string, s convSpec) conv {
	if s.weightInit == nil {
		s.weightInit = pytorchDefault(s.fanIn())
	}
	if s.biasInit == nil {
		s.biasInit = pytorchDefault(s.fanIn())
	}
	c := conv{bias: -1, kernel: s.kernel, stride: s.stride, pad: s.pad}
	c.weight = b.trainable(name+".weight", s.weightInit, s.out, s.in, s.kernel, s.kernel)
	if s.bias {
		c.bias = b.trainable(name+".bias", s.biasInit, s.out)
	}
	return c
}

// apply maps x [b, h, w, c] to [b, h', w', o].
func (c conv) apply(p *pass, x *Node) *Node {
	y := convolve(x, p.nodes[c.weight], c.stride, c.pad)
	if c.bias >= 0 {
		y = Add(y, perChannel(p.nodes[c.bias], y))
	}
	return y
}

// convolve is the convolution of x [b, h, w, c] with a kernel [o, c, k, k]. This is
// the one place that decides how: the Go backend's own convolution is 20 to 50
// times slower than its matrix product, other backends have a fast one.
func convolve(x, kernel *Node, stride, pad int) *Node {
	if backend.IsGo(x.Graph().Backend()) {
		return convolveByProduct(x, kernel, stride, pad)
	}
	return convolveNatively(x, kernel, stride, pad)
}

func convolveNatively(x, kernel *Node, stride, pad int) *Node {
	return Convolve(x, TransposeAllAxes(kernel, 2, 3, 1, 0)).
		ChannelsAxis(images.ChannelsLast).
		Strides(stride).
		PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).
		Done()
}

// convolveByProduct joins the k k shifted images on their channels and takes one
// matrix product.
func convolveByProduct(x, kernel *Node, stride, pad int) *Node {
	o, c, k := kernel.Shape().Dim(0), kernel.Shape().Dim(1), kernel.Shape().Dim(2)
	x = zeroBorder(x, pad)
	h := (x.Shape().Dim(1)-k)/stride + 1
	w := (x.Shape().Dim(2)-k)/stride + 1
	var shifted []*Node
	for row := range k {
		for column := range k {
			shifted = append(shifted, window(x, row, column, h, w, stride)) // [b, h', w', c]
		}
	}
	kernel = Reshape(TransposeAllAxes(kernel, 2, 3, 1, 0), k*k*c, o) // [k k c, o]
	return product(join(shifted, -1), kernel)
}

// window takes h rows and w columns of x [b, h, w, c] from a corner on, each
// stride-th of them.
func window(x *Node, row, column, h, w, stride int) *Node {
	if row == 0 && column == 0 && stride == 1 && h == x.Shape().Dim(1) && w == x.Shape().Dim(2) {
		return x
	}
	return Slice(x, AxisRange(),
		AxisRange(row, row+(h-1)*stride+1).Stride(stride),
		AxisRange(column, column+(w-1)*stride+1).Stride(stride))
}

// product multiplies the channels of x [b, h, w, c] by a matrix [c, o]. The matrix's
// gradient is given by hand: left to itself the Go backend transposes x, many times
// the size of the result, where it is enough to transpose the result's gradient.
func product(x, matrix *Node) *Node {
	d := x.Shape().Dimensions
	flat := Reshape(x, d[0]*d[1]*d[2], d[3]) // [n, c]
	var gradient *Node                       // of the result, which comes before those of its factors
	matrix = IdentityWithCustomGradient(matrix, func(_, _ *Node) *Node {
		return TransposeAllAxes(Dot(TransposeAllAxes(gradient, 1, 0), flat).MatMul(), 1, 0)
	})
	y := IdentityWithCustomGradient(Dot(flat, matrix).MatMul(), func(_, v *Node) *Node {
		gradient = v
		return v
	})
	return Reshape(y, d[0], d[1], d[2], matrix.Shape().Dim(1))
}

// zeroBorder puts n rows and columns of zeros around x [b, h, w, c]. They are
// joined to it, since not every backend can pad.
func zeroBorder(x *Node, n int) *Node {
	if n == 0 {
		return x
	}
	for _, axis := range []int{1, 2} {
		d := x.Shape().Clone().Dimensions
		d[axis] = n
		zeros := Zeros(x.Graph(), shapes.Make(x.DType(), d...))
		x = Concatenate([]*Node{zeros, x, zeros}, axis)
	}
	return x
}

// join concatenates; one node alone is left as it is.
func join(x []*Node, axis int) *Node {
	if len(x) == 1 {
		return x[0]
	}
	return Concatenate(x, axis)
}

// perChannel shapes v [c] for arithmetic with x [..., c].
func perChannel(v, x *Node) *Node {
	d := make([]int, x.Rank())
	for i := range d {
		d[i] = 1
	}
	d[len(d)-1] = v.Shape().Size()
	return Reshape(v, d...)
}
