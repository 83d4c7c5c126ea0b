package kernels

import (
	"math"
	"sync"
)

// A Layout says where the values of images lie. Channels are in blocks of 16, so that a block of a
// pixel fills a register: [image, block, row, column, 16], with a border of zeros around each block.
// Images of a few channels, such as colours, may be packed instead: [image, row, column, channel].
type Layout struct {
	Channels, Height, Width int
	Border                  int
	Packed                  bool
}

const block = 16

func (l Layout) blocks() int {
	if l.Packed {
		return 1
	}
	return (l.Channels + block - 1) / block
}

// pixel is the distance from a pixel to the next one, row and plane are those of rows and blocks.
func (l Layout) pixel() int {
	if l.Packed {
		return l.Channels
	}
	return block
}
func (l Layout) row() int   { return (l.Width + 2*l.Border) * l.pixel() }
func (l Layout) plane() int { return (l.Height + 2*l.Border) * l.row() }

// Size is the number of values of an image, with its border.
func (l Layout) Size() int { return l.blocks() * l.plane() }

// at is the place of a pixel of a block. Rows and columns may be in the border.
func (l Layout) at(b, row, column int) int {
	return b*l.plane() + (row+l.Border)*l.row() + (column+l.Border)*l.pixel()
}

// Load writes images [b, c, h, w] to x, whose border must be zero.
func (l Layout) Load(images, x []float32) {
	plane := l.Height * l.Width
	for n := range len(images) / (l.Channels * plane) {
		for c := range l.Channels {
			from := images[(n*l.Channels+c)*plane:]
			for r := range l.Height {
				to := x[n*l.Size()+l.place(c, r, 0):]
				for i, v := range from[r*l.Width : (r+1)*l.Width] {
					to[i*l.pixel()] = v
				}
			}
		}
	}
}

// Store is the reverse of Load.
func (l Layout) Store(x, images []float32) {
	plane := l.Height * l.Width
	for n := range len(images) / (l.Channels * plane) {
		for c := range l.Channels {
			to := images[(n*l.Channels+c)*plane:]
			for r := range l.Height {
				from := x[n*l.Size()+l.place(c, r, 0):]
				for i := range l.Width {
					to[r*l.Width+i] = from[i*l.pixel()]
				}
			}
		}
	}
}

func (l Layout) place(c, row, column int) int {
	if l.Packed {
		return l.at(0, row, column) + c
	}
	return l.at(c/block, row, column) + c%block
}

// A stencil computes pixels of an image as sums over runs of values around pixels of another image. A
// tile of pixels by blocks of channels, such as 8 by 2, stays in registers until it is complete. Its
// values are read where they lie, so nothing is copied or joined.
type stencil struct {
	in, out Layout
	offsets []int  // of the runs of values that the first pixel depends on, in x
	taps    []int  // by run: its place in the kernel, or for packed images that of its first value
	step    [2]int // from the runs of a pixel to those of the next row and column
	height  int    // rows and columns that are computed
	width   int
	first   [2]int // the first row and column
	apart   int    // rows from one to the next, and columns
	run     int    // values of a run
	blocks  int    // blocks of outputs that are computed together
}

// together is the number of blocks that a tile computes for all blocks of the result.
func together(blocks int) int {
	switch {
	case blocks%4 == 0:
		return 4
	case blocks%2 == 0:
		return 2
	default:
		return 1
	}
}

// weights is the number of values of packed weights.
func (s *stencil) weights() int { return len(s.offsets) * s.run * s.out.blocks() * block }

// pack writes weights to packed, in the order in which image reads them. The weight of output channel
// o, input channel i and place t of the kernel is at o of[0] + i of[1] + t. It is multiplied by
// scale[o perOut + i perIn]; nil: not.
func (s *stencil) pack(weights []float32, of [2]int, scale []float32, perOut, perIn int, packed []float32) {
	at := 0
	for group := 0; group < s.out.blocks(); group += s.blocks {
		for r, tap := range s.taps {
			for j := range s.run {
				i, t := r/(len(s.taps)/s.in.blocks())*block+j, tap
				if s.in.Packed {
					i, t = j%s.in.Channels, tap+j/s.in.Channels
				}
				for o := group * block; o < (group+s.blocks)*block; o++ {
					var w float32
					if o < s.out.Channels && i < s.in.Channels {
						if w = weights[o*of[0]+i*of[1]+t]; scale != nil {
							w *= scale[o*perOut+i*perIn]
						}
					}
					packed[at] = w
					at++
				}
			}
		}
	}
}

// image computes the pixels of y from x. Sums begin with bias, or with what is in y if add is set.
func (s *stencil) image(x, packed, bias []float32, floor float32, add bool, y []float32) {
	if len(s.offsets) == 0 {
		s.nothing(bias, floor, add, y)
		return
	}
	size := s.weights() / (s.out.blocks() / s.blocks)
	yRow, yPixel, yBlock := s.apart*s.out.row(), s.apart*block, s.out.plane()
	for b := 0; b < s.out.blocks(); b += s.blocks {
		w := &packed[b/s.blocks*size]
		to := s.out.at(b, s.first[0], s.first[1])
		start, startPixel, startBlock := &zeros[0], 0, 0
		if bias != nil {
			start, startBlock = &bias[b*block], block
		}
		for row := range s.height {
			for column := 0; column < s.width; {
				t := convTiles[s.blocks].fit(s.width - column)
				pixel := &y[to+row*yRow+column*yPixel]
				if add {
					start, startPixel, startBlock = pixel, yPixel, yBlock
				}
				t.run(&x[row*s.step[0]+column*s.step[1]], &s.offsets[0], len(s.offsets), s.run, w, s.step[1],
					start, startPixel, startBlock, floor, pixel, yPixel, yBlock)
				column += t.pixels
			}
		}
	}
}

// zeros is the start of sums without a bias.
var zeros [4 * block]float32

// nothing is image where the kernel does not reach.
func (s *stencil) nothing(bias []float32, floor float32, add bool, y []float32) {
	if add {
		return
	}
	for b := range s.out.blocks() {
		for row := range s.height {
			for column := range s.width {
				at := s.out.at(b, s.first[0]+row*s.apart, s.first[1]+column*s.apart)
				for i := range block {
					v := float32(0)
					if bias != nil {
						v = bias[b*block+i]
					}
					y[at+i] = max(v, floor)
				}
			}
		}
	}
}

// A Convolution is a convolution with a square kernel, for processors with AVX-512 (see HasProducts).
type Convolution struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	stencil
}

// NewConvolution prepares a convolution. The border of in must be at least pad.
func NewConvolution(in, out Layout, kernel, stride, pad int) *Convolution {
	c := &Convolution{In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad}
	c.stencil = stencil{
		in: in, out: out, step: [2]int{stride * in.row(), stride * in.pixel()}, height: out.Height, width: out.Width,
		apart: 1, run: block, blocks: together(out.blocks()),
	}
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

// Image convolves an image x with packed weights. It writes max(sum, floor) to all pixels of y, and
// nothing to its border. Sums begin with bias, which has as many values as the blocks of y have
// channels; nil: with zero. NaN stays NaN.
func (c *Convolution) Image(x, packed, bias []float32, floor float32, y []float32) {
	c.image(x, packed, bias, floor, false, y)
}

// ImageAdd adds the convolution of an image to y.
func (c *Convolution) ImageAdd(x, packed, y []float32) { c.image(x, packed, nil, none, true, y) }

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
				run: block, blocks: together(out.blocks()),
			}
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

// Image writes the transposed convolution of an image v to all pixels of y.
func (t *Transposed) Image(v, packed, y []float32) { t.image(v, packed, false, y) }

// ImageAdd adds it to y.
func (t *Transposed) ImageAdd(v, packed, y []float32) { t.image(v, packed, true, y) }

func (t *Transposed) image(v, packed []float32, add bool, y []float32) {
	for i := range t.parts {
		s := &t.parts[i]
		s.image(v, packed, nil, none, add, y)
		packed = packed[s.weights():]
	}
}

// A weightJob is a part of the gradient of the weights: some channels of a run by blocks of outputs.
type weightJob struct {
	run, first, channels, b int
	sums                    [16 * block]float32
}

// groupBytes is the size of the images that all jobs go over before they go on to the next ones, so
// that these stay in the processor's second-level cache.
const groupBytes = 1 << 20

// WeightGradient writes the gradient of the weights, [o, c, k, k], for images x and the gradient v of
// the result, whose border must be zero.
func (c *Convolution) WeightGradient(images int, x, v, gradient []float32, threads int) {
	blocks := min(c.stencil.blocks, 2)
	var jobs []weightJob
	for b := 0; b < c.Out.blocks(); b += blocks {
		for r := range c.offsets {
			used := c.run
			if !c.In.Packed {
				used = min(block, c.In.Channels-r/(c.Kernel*c.Kernel)*block)
			}
			for first := 0; first < used; {
				n := weightTiles[blocks].fit(used - first).pixels
				jobs = append(jobs, weightJob{run: r, first: first, channels: n, b: b})
				first += n
			}
		}
	}
	group := max(1, groupBytes/(4*(c.In.Size()+c.Out.Size())))
	inParts(len(jobs), threads, func(from, to int) {
		for n := 0; n < images; n += group {
			for i := from; i < to; i++ {
				j := &jobs[i]
				weightTiles[blocks].fit(j.channels).sum(min(group, images-n), c.Out.Height, c.Out.Width,
					&x[n*c.In.Size()+c.offsets[j.run]+j.first], c.In.Size(), c.Stride*c.In.row(), c.Stride*c.In.pixel(),
					&v[n*c.Out.Size()+c.Out.at(j.b, 0, 0)], c.Out.Size(), c.Out.row(), c.Out.plane(), &j.sums[0], n > 0)
			}
		}
		for i := from; i < to; i++ {
			c.unpack(&jobs[i], blocks, gradient)
		}
	})
}

// term is the channel and the place in the kernel of value j of a run.
func (c *Convolution) term(r, j int) (i, tap int) {
	if c.In.Packed {
		return j % c.In.Channels, c.taps[r] + j/c.In.Channels
	}
	return r/(c.Kernel*c.Kernel)*block + j, c.taps[r]
}

// unpack writes the sums of a job to the gradient, [o, c, k, k].
func (c *Convolution) unpack(j *weightJob, blocks int, gradient []float32) {
	for n := range j.channels {
		i, tap := c.term(j.run, j.first+n)
		for q := range blocks {
			for lane := range block {
				if o := (j.b+q)*block + lane; o < c.Out.Channels {
					gradient[(o*c.In.Channels+i)*c.Kernel*c.Kernel+tap] = j.sums[(n*blocks+q)*block+lane]
				}
			}
		}
	}
}

// A convTile is a function for some pixels or channels, see asm.
type convTile struct {
	pixels int
	run    func(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)
	sum    func(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)
}

type convTileList []convTile

// fit returns the largest tile for at most n pixels.
func (l convTileList) fit(n int) *convTile {
	for i := range l {
		if l[i].pixels <= n {
			return &l[i]
		}
	}
	return nil
}

// inParts calls f for ranges that are 0 to n-1 together, each in a goroutine.
func inParts(n, threads int, f func(from, to int)) {
	if threads = min(threads, n); threads <= 1 {
		f(0, n)
		return
	}
	var wait sync.WaitGroup
	for t := range threads {
		wait.Go(func() { f(n*t/threads, n*(t+1)/threads) })
	}
	wait.Wait()
}
