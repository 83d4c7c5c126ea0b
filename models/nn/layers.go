package nn

// A Layer is an operation of a network: one of the types below. Layers with parameters have their
// indices in the network's Params.
type Layer interface{ layer() }

func (Dense) layer()     {}
func (Conv) layer()      {}
func (Deconv) layer()    {}
func (BatchNorm) layer() {}
func (ReLU) layer()      {}
func (PReLU) layer()     {}
func (MaxPool) layer()   {}
func (Add) layer()       {}
func (Join) layer()      {}
func (Tanh) layer()      {}
func (SpaceMean) layer() {}
func (Flatten) layer()   {}
func (Drop) layer()      {}

// A Dense is PyTorch's Linear: it maps [b, in] to [b, out].
type Dense struct {
	Weight, Bias int // [out, in] and [out]
	In, Out      int
}

// A Conv is PyTorch's Conv2d with a square kernel: it maps images to images of Out channels. It pads
// both sides equally, unlike SAME padding with stride 2.
type Conv struct {
	Weight, Bias        int // [out, in, kernel, kernel] and [out]; Bias is -1 without a bias
	In, Out             int
	Kernel, Stride, Pad int
}

// A Deconv is PyTorch's ConvTranspose2d with a 4x4 kernel, stride 2, padding 1 and no bias. It
// doubles rows and columns.
type Deconv struct {
	Weight  int // [in, out, 4, 4]
	In, Out int
}

// DeconvKernel, DeconvStride and DeconvPad describe a Deconv.
const DeconvKernel, DeconvStride, DeconvPad = 4, 2, 1

// A BatchNorm is PyTorch's BatchNorm2d. Running statistics move by NormMomentum towards those of the
// batch, with the unbiased variance.
type BatchNorm struct {
	Scale, Shift   int // -1: none
	Mean, Variance int // running statistics
	Channels       int
	Epsilon        float64
}

const (
	NormEpsilon  = 1e-5
	NormMomentum = 0.1
)

// OneValuePerChannel is the error of a batch norm in training mode whose variance does not exist.
const OneValuePerChannel = "batch norm gets one value per channel, which has no variance: " +
	"a batch of one image is too small for images of this size"

// A ReLU is max(x, 0). Like PyTorch's, it passes no gradient at zero.
type ReLU struct{}

// A PReLU is PyTorch's PReLU with one slope for all channels: max(x, 0) + slope min(x, 0).
type PReLU struct{ Slope int }

// A MaxPool takes the largest value of each square of Size x Size; 0: of the whole image. The first
// of equal values gets the gradient, as in PyTorch.
type MaxPool struct{ Size int }

// An Add adds two values of the same shape.
type Add struct{}

// A Join puts the channels of its second value behind those of the first.
type Join struct{}

// A Tanh is the hyperbolic tangent of Scale x; Scale -1: of x.
type Tanh struct{ Scale int }

// A SpaceMean is the mean over rows and columns, [b, c].
type SpaceMean struct{}

// A Flatten lists the values of each image in the order of PyTorch, [b, c h w].
type Flatten struct{}

// A Drop multiplies features [b, width] by the mask of the pass, if there is one.
type Drop struct{}

// A Builder declares the layers of a network, and collects their parameters in order and the steps
// that apply them.
type Builder struct {
	Params []Param
	steps  []Step
}

// Apply adds a step and returns its value.
func (b *Builder) Apply(l Layer, in ...Value) Value {
	b.steps = append(b.steps, Step{l, in})
	return Value(len(b.steps))
}

// Then applies layers to x, one after the other.
func (b *Builder) Then(x Value, layers ...Layer) Value {
	for _, l := range layers {
		x = b.Apply(l, x)
	}
	return x
}

// Network returns the network of the steps so far, for images of the given channels.
func (b *Builder) Network(channels int) *Network {
	return &Network{Params: b.Params, Channels: channels, Steps: b.steps}
}

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

// Dense declares a layer with PyTorch's initialisation.
func (b *Builder) Dense(name string, in, out int) Dense {
	return b.DenseFrom(name, in, out, PyTorchDefault(in), PyTorchDefault(in))
}

// DenseFrom declares a layer with the given initialisation.
func (b *Builder) DenseFrom(name string, in, out int, weight, bias Initializer) Dense {
	return Dense{
		Weight: b.Trainable(name+".weight", weight, out, in),
		Bias:   b.Trainable(name+".bias", bias, out),
		In:     in, Out: out,
	}
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
	c := Conv{Bias: -1, In: s.In, Out: s.Out, Kernel: s.Kernel, Stride: s.Stride, Pad: s.Pad}
	c.Weight = b.Trainable(name+".weight", s.WeightInit, s.Out, s.In, s.Kernel, s.Kernel)
	if s.Bias {
		c.Bias = b.Trainable(name+".bias", s.BiasInit, s.Out)
	}
	return c
}

// Deconv declares a transposed convolution.
func (b *Builder) Deconv(name string, in, out int) Deconv {
	// PyTorch counts the inputs of a layer on its second dimension, which here is out.
	init := PyTorchDefault(out * DeconvKernel * DeconvKernel)
	return Deconv{Weight: b.Trainable(name+".weight", init, in, out, DeconvKernel, DeconvKernel), In: in, Out: out}
}

// Norm declares a batch norm with a learned scale and shift.
func (b *Builder) Norm(name string, channels int, epsilon float64) BatchNorm {
	scale := b.Trainable(name+".weight", Constant(1), channels)
	shift := b.Trainable(name+".bias", Constant(0), channels)
	n := b.PlainNorm(name, channels)
	n.Scale, n.Shift, n.Epsilon = scale, shift, epsilon
	return n
}

// PlainNorm declares a batch norm without scale and shift.
func (b *Builder) PlainNorm(name string, channels int) BatchNorm {
	return BatchNorm{
		Scale: -1, Shift: -1, Epsilon: NormEpsilon, Channels: channels,
		Mean:     b.statistic(name+".running_mean", 0, channels),
		Variance: b.statistic(name+".running_var", 1, channels),
	}
}

// PReLU declares an activation with a learned slope.
func (b *Builder) PReLU(name string) PReLU {
	return PReLU{b.Trainable(name+".weight", Constant(0.25), 1)}
}
