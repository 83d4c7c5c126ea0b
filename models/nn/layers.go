package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A Builder collects the parameters of a network's layers in order. A layer keeps the index of its
// parameters, which Trainable and statistic return.
type Builder struct{ Params []Param }

// Trainable declares a parameter that training changes by its gradient.
func (b *Builder) Trainable(name string, init Initializer, shape ...int) int {
	b.Params = append(b.Params, Param{Name: name, Shape: shape, Trainable: true, Init: init})
	return len(b.Params) - 1
}

// statistic declares a running statistic for a number of channels.
func (b *Builder) statistic(name string, start float32, channels int) int {
	b.Params = append(b.Params, Param{Name: name, Shape: []int{channels}, Init: Constant(start)})
	return len(b.Params) - 1
}

// A Dense is PyTorch's Linear.
type Dense struct{ weight, bias int }

// Dense declares a layer with PyTorch's initialisation.
func (b *Builder) Dense(name string, in, out int) Dense {
	return b.DenseFrom(name, in, out, PyTorchDefault(in), PyTorchDefault(in))
}

// DenseFrom declares a layer with the given initialisation.
func (b *Builder) DenseFrom(name string, in, out int, weight, bias Initializer) Dense {
	return Dense{
		weight: b.Trainable(name+".weight", weight, out, in),
		bias:   b.Trainable(name+".bias", bias, out),
	}
}

// Apply maps x [b, in] to [b, out].
func (d Dense) Apply(p *Pass, x *Node) *Node {
	y := Einsum("bi,oi->bo", x, p.nodes[d.weight])
	return Add(y, perChannel(p.nodes[d.bias], y))
}

// A Conv is PyTorch's Conv2d with a square kernel. It pads both sides equally, unlike SAME padding
// with stride 2.
type Conv struct {
	weight, bias        int // bias is -1 without a bias
	kernel, stride, pad int
}

// A ConvSpec describes a convolution. A nil initialisation is PyTorch's.
type ConvSpec struct {
	In, Out, Kernel, Stride, Pad int
	Bias                         bool
	WeightInit, BiasInit         Initializer
}

// Conv3x3 returns the convolution of most layers.
func Conv3x3(in, out, stride int) ConvSpec {
	return ConvSpec{In: in, Out: out, Kernel: 3, Stride: stride, Pad: 1}
}

// Conv1x1 returns the convolution of shortcuts.
func Conv1x1(in, out, stride int) ConvSpec {
	return ConvSpec{In: in, Out: out, Kernel: 1, Stride: stride}
}

// WithBias adds a bias.
func (s ConvSpec) WithBias() ConvSpec {
	s.Bias = true
	return s
}

// WithWeights sets the initialisation of the weights.
func (s ConvSpec) WithWeights(init Initializer) ConvSpec {
	s.WeightInit = init
	return s
}

// FanIn is the number of input values for one output value.
func (s ConvSpec) FanIn() int { return s.In * s.Kernel * s.Kernel }

// FanOut is the number of output values that depend on one input value.
func (s ConvSpec) FanOut() int { return s.Out * s.Kernel * s.Kernel }

// Conv declares a convolution.
func (b *Builder) Conv(name string, s ConvSpec) Conv {
	if s.WeightInit == nil {
		s.WeightInit = PyTorchDefault(s.FanIn())
	}
	if s.BiasInit == nil {
		s.BiasInit = PyTorchDefault(s.FanIn())
	}
	c := Conv{bias: -1, kernel: s.Kernel, stride: s.Stride, pad: s.Pad}
	c.weight = b.Trainable(name+".weight", s.WeightInit, s.Out, s.In, s.Kernel, s.Kernel)
	if s.Bias {
		c.bias = b.Trainable(name+".bias", s.BiasInit, s.Out)
	}
	return c
}

// Apply maps images to images of o channels.
func (c Conv) Apply(p *Pass, x Parts) Parts {
	y := p.convolve(x, p.nodes[c.weight], c.stride, c.pad)
	if c.bias >= 0 {
		y = p.affine(y, nil, p.nodes[c.bias])
	}
	return y
}

// A Deconv is PyTorch's ConvTranspose2d with a 4x4 kernel, stride 2, padding 1 and no bias. It
// doubles rows and columns.
type Deconv struct{ weight int }

// Deconv declares a transposed convolution.
func (b *Builder) Deconv(name string, in, out int) Deconv {
	// PyTorch counts the inputs of a layer on its second dimension, which here is out.
	return Deconv{b.Trainable(name+".weight", PyTorchDefault(out*4*4), in, out, 4, 4)}
}

// Apply maps images to images of twice the rows and columns.
func (d Deconv) Apply(p *Pass, x Parts) Parts {
	return p.deconvolve(x, p.nodes[d.weight])
}

// A PReLU is PyTorch's PReLU with one slope for all channels.
type PReLU struct{ slope int }

// PReLU declares an activation with a learned slope.
func (b *Builder) PReLU(name string) PReLU {
	return PReLU{b.Trainable(name+".weight", Constant(0.25), 1)}
}

// Apply maps x to max(x, 0) + slope min(x, 0).
func (r PReLU) Apply(p *Pass, x Parts) Parts { return p.prelu(x, Reshape(p.nodes[r.slope])) }

// ReLU is max(x, 0) of any values. Like PyTorch's, it passes no gradient at zero.
func ReLU(x *Node) *Node { return formFor(x).relu(x) }
