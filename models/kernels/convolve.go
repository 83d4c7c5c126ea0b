package kernels

import "math"

// A Convolution is a convolution with a square kernel.
type Convolution struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	stencil

	// Of the gradient of the weights.
	jobs     []weightJob
	together int // blocks of outputs that a job sums together
	sumTiles tiles
	sums     []float32
}

// NewConvolution prepares a convolution. The border of in must be at least pad.
func NewConvolution(in, out Layout, kernel, stride, pad int) *Convolution {
	c := &Convolution{In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad}
	c.stencil = stencil{
		in: in, out: out, step: [2]int{stride * in.row(), stride * in.pixel()}, height: out.Height, width: out.Width,
		apart: 1, run: block,
	}.tiled()
	for b := range in.blocks() {
		for ky := range kernel {
			if in.Packed {
				c.offsets, c.taps = append(c.offsets, in.at(b, ky-pad, -pad)), append(c.taps, ky*kernel)
				continue
			}
			for kx := range kernel {
				c.offsets, c.taps = append(c.offsets, in.at(b, ky-pad, kx-pad)), append(c.taps, ky*kernel+kx)
			}
		}
	}
	if in.Packed {
		c.run = kernel * in.Channels
	}
	return c
}

// Weights is the number of values of packed weights.
func (c *Convolution) Weights() int { return c.weights() }

// Pack writes weights [o, c, k, k] to packed, multiplied by scale [o] unless it is nil.
func (c *Convolution) Pack(weights, scale, packed []float32) {
	area := c.Kernel * c.Kernel
	c.pack(weights, [2]int{c.In.Channels * area, area}, scale, 1, 0, packed)
}

// Far reports whether the weights are so many that Images should get many images at once.
func (c *Convolution) Far() bool { return far(c.weights()) }

// Images convolves images x with packed weights. It writes max(sum, floor) to all pixels of y, and
// nothing to their borders. Sums begin with bias, which has as many values as the blocks of y have
// channels; nil: with zero. NaN stays NaN.
func (c *Convolution) Images(x, packed, bias []float32, floor float32, y []float32) {
	c.images(x, packed, bias, floor, false, y)
}

// ImagesAdd adds the convolution of images to y.
func (c *Convolution) ImagesAdd(x, packed, y []float32) { c.images(x, packed, nil, none, true, y) }

// none is the floor that changes nothing.
var none = float32(math.Inf(-1))

// A Transposed is a transposed convolution: the gradient in the images of a convolution.
type Transposed struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	parts []stencil // each computes every Stride-th row and column
}

// NewTransposed prepares the transpose of a convolution from images of out to results of in. The
// border of in must be at least (kernel-1-pad) / stride, rounded up, and that of a result which ends
// before the images do.
func NewTransposed(in, out Layout, kernel, stride, pad int) *Transposed {
	t := &Transposed{In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad}
	for row := range stride {
		for column := range stride {
			s := stencil{
				in: in, out: out, step: [2]int{in.row(), in.pixel()}, first: [2]int{row, column}, apart: stride,
				height: (out.Height - row + stride - 1) / stride, width: (out.Width - column + stride - 1) / stride,
				run: block,
			}.tiled()
			for b := range in.blocks() {
				for ky := range kernel {
					for kx := range kernel {
						y, x := row+pad-ky, column+pad-kx
						if y%stride == 0 && x%stride == 0 {
							s.offsets, s.taps = append(s.offsets, in.at(b, y/stride, x/stride)), append(s.taps, ky*kernel+kx)
						}
					}
				}
			}
			t.parts = append(t.parts, s)
		}
	}
	return t
}

// Weights is the number of values of packed weights.
func (t *Transposed) Weights() (n int) {
	for i := range t.parts {
		n += t.parts[i].weights()
	}
	return n
}

// Pack writes weights [o, c, k, k] of the convolution to packed, multiplied by scale [o] unless it is
// nil. Its results have o channels here, and its images c.
func (t *Transposed) Pack(weights, scale, packed []float32) {
	area := t.Kernel * t.Kernel
	for i := range t.parts {
		s := &t.parts[i]
		s.pack(weights, [2]int{area, t.Out.Channels * area}, scale, 0, 1, packed)
		packed = packed[s.weights():]
	}
}

// Far is like that of a Convolution.
func (t *Transposed) Far() bool { return far(t.Weights()) }

// Images writes the transposed convolution of images v to all pixels of y.
func (t *Transposed) Images(v, packed, y []float32) { t.images(v, packed, false, y) }

// ImagesAdd adds it to y.
func (t *Transposed) ImagesAdd(v, packed, y []float32) { t.images(v, packed, true, y) }

func (t *Transposed) images(v, packed []float32, add bool, y []float32) {
	for i := range t.parts {
		s := &t.parts[i]
		s.images(v, packed, nil, none, add, y)
		packed = packed[s.weights():]
	}
}
