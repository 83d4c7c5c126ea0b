package kernels

import "math"

// A Convolution is a convolution with a square kernel. The result must not be packed.
//
// A tile of the result, such as 8 pixels by 2 blocks of channels, stays in registers until it is
// complete. Its values are read where they lie, so nothing is copied or joined. Callers run images in
// parallel: an image is in the cache for what follows its convolution.
type Convolution struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	phase phase
}

// NewConvolution prepares a convolution. The border of in must be at least pad.
func NewConvolution(in, out Layout, kernel, stride, pad int) *Convolution {
	taps := make([]tap, kernel)
	for k := range taps {
		taps[k] = tap{k, k - pad}
	}
	return &Convolution{in, out, kernel, stride, pad, newPhase(in, out, taps, taps, 0, 0, stride, 1)}
}

// Weights is the number of values of packed weights.
func (c *Convolution) Weights() int { return c.phase.weights() }

// Pack writes weights [o, c, k, k] to packed. It multiplies those of output o by scale[o], if scale is
// not nil.
func (c *Convolution) Pack(weights, scale, packed []float32) {
	taps := c.Kernel * c.Kernel
	c.phase.pack(source{weights, c.Kernel, c.In.Channels * taps, taps, orOnes(scale, c.Out.Channels), orOnes(nil, c.In.Channels)}, packed)
}

// Image convolves an image x with packed weights. Each value of the result is the sum of products and
// bias, but at least floor: 0 for ReLU, NoFloor for the sum itself. NaN stays NaN. Bias has a value
// for each lane of each block of the result, and may be nil. Image writes all pixels of y, and not its
// border.
func (c *Convolution) Image(x, packed, bias []float32, floor float32, y []float32) {
	c.phase.image(x, packed, orZeros(bias, c.Out), floor, y)
}

// ImageAdd adds the convolution of an image to y.
func (c *Convolution) ImageAdd(x, packed, y []float32) {
	c.phase.image(x, packed, nil, NoFloor, y)
}

// NoFloor is the floor of results that may have any value.
var NoFloor = float32(math.Inf(-1))

// Transposed is the transposed convolution: the gradient of the images of a convolution with the
// same kernel, stride and padding. With its weights as [in, out, k, k] it is PyTorch's
// ConvTranspose2d. The gradient of those is the WeightGradient of the convolution of its results: x is
// the gradient of the results, and v are the images of the transposed convolution.
//
// Each parity of rows and columns of the result depends on some of the taps. It is a convolution with
// stride 1 and those taps, whose pixels are written at a distance.
type Transposed struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	phases []phase
}

// NewTransposed prepares the transposed convolution of images in [o channels] to images out [c
// channels]. The border of in must be zero, and wide enough for the taps that reach beyond the image:
// 1 for a kernel of 3 with padding 1, or of 4 with stride 2 and padding 1, at most kernel-1 with
// stride 1. NewTransposed panics if it is too narrow.
func NewTransposed(in, out Layout, kernel, stride, pad int) *Transposed {
	t := &Transposed{In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad}
	// The pixels first, first+stride, ... of a result depend on these taps, from the left to the right
	// in the image: pixel r of the result is in*stride + k - pad.
	taps := func(first int) (taps []tap) {
		for k := kernel - 1; k >= 0; k-- {
			if (first+pad-k)%stride == 0 {
				taps = append(taps, tap{k, (first + pad - k) / stride})
			}
		}
		return taps
	}
	for row := range min(stride, out.Height) {
		for column := range min(stride, out.Width) {
			t.phases = append(t.phases, newPhase(in, out, taps(row), taps(column), row, column, 1, stride))
		}
	}
	return t
}

// Weights is the number of values of packed weights.
func (t *Transposed) Weights() int {
	n := 0
	for i := range t.phases {
		n += t.phases[i].weights()
	}
	return n
}

// Pack writes weights [o, c, k, k] to packed. It multiplies those of channel o of the images In by
// scale[o], if scale is not nil.
func (t *Transposed) Pack(weights, scale, packed []float32) {
	taps := t.Kernel * t.Kernel
	s := source{weights, t.Kernel, taps, t.Out.Channels * taps, orOnes(nil, t.Out.Channels), orOnes(scale, t.In.Channels)}
	for i := range t.phases {
		p := &t.phases[i]
		p.pack(s, packed[:p.weights()])
		packed = packed[p.weights():]
	}
}

// Image computes an image, as Convolution.Image does. Pixels without taps are the bias alone.
func (t *Transposed) Image(v, packed, bias []float32, floor float32, y []float32) {
	t.image(v, packed, orZeros(bias, t.Out), floor, y)
}

// ImageAdd adds an image to y.
func (t *Transposed) ImageAdd(v, packed, y []float32) { t.image(v, packed, nil, NoFloor, y) }

func (t *Transposed) image(v, packed, bias []float32, floor float32, y []float32) {
	for i := range t.phases {
		p := &t.phases[i]
		p.image(v, packed[:p.weights()], bias, floor, y)
		packed = packed[p.weights():]
	}
}

var zeros = make([]float32, 4096)

func orZeros(bias []float32, l Layout) []float32 {
	n := l.blocks() * block
	switch {
	case bias != nil:
		return bias[:n]
	case n <= len(zeros):
		return zeros[:n]
	}
	return make([]float32, n)
}

func orOnes(scale []float32, n int) []float32 {
	if scale == nil {
		scale = make([]float32, n)
		for i := range scale {
			scale[i] = 1
		}
	}
	return scale[:n]
}
