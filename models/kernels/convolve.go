package kernels

import (
	"math"
	"sync"
)

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
	sums  sync.Pool // *[]float32, for gradients of the weights
}

// NewConvolution prepares a convolution. The border of in must be at least pad.
func NewConvolution(in, out Layout, kernel, stride, pad int) *Convolution {
	taps := make([]tap, kernel)
	for k := range taps {
		taps[k] = tap{k, k - pad}
	}
	return &Convolution{
		In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad,
		phase: newPhase(in, out, taps, taps, 0, 0, stride, 1),
	}
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
// for each lane of each block of the result, 0 for lanes without a channel, and may be nil. Image
// writes all pixels of y, and not its border. Any number of goroutines may call it at once.
func (c *Convolution) Image(x, packed, bias []float32, floor float32, y []float32) {
	c.phase.image(x, packed, orZeros(bias, c.Out), floor, y)
}

// ImageAdd adds the convolution of an image to y.
func (c *Convolution) ImageAdd(x, packed, y []float32) {
	c.phase.image(x, packed, nil, NoFloor, y)
}

// NoFloor is the floor of results that may have any value.
var NoFloor = float32(math.Inf(-1))

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
