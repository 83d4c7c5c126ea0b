package kernels

import "sync"

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

// A Convolution is a convolution with a square kernel, without bias, for processors with AVX-512 (see
// HasProducts). The gradient of its images is another convolution, with PackTurned. No network uses
// it yet: networks are GoMLX graphs.
//
// A tile of the result, such as 8 pixels by 2 blocks of channels, stays in registers until it is
// complete. Its values are read where they lie, so nothing is copied or joined.
type Convolution struct {
	In, Out        Layout
	Kernel, Stride int
	Pad            int

	offsets []int // of the runs of values that a pixel of the result depends on
	run     int   // values of a run
	blocks  int   // blocks of outputs that are computed together
}

// NewConvolution prepares a convolution. The border of in must be at least pad.
func NewConvolution(in, out Layout, kernel, stride, pad int) *Convolution {
	c := &Convolution{In: in, Out: out, Kernel: kernel, Stride: stride, Pad: pad, run: block}
	for b := range in.blocks() {
		for ky := range kernel {
			if in.Packed {
				c.offsets = append(c.offsets, in.at(b, ky-pad, -pad))
				continue
			}
			for kx := range kernel {
				c.offsets = append(c.offsets, in.at(b, ky-pad, kx-pad))
			}
		}
	}
	if in.Packed {
		c.run = kernel * in.Channels
	}
	switch n := out.blocks(); {
	case n%4 == 0:
		c.blocks = 4
	case n%2 == 0:
		c.blocks = 2
	default:
		c.blocks = 1
	}
	return c
}

// Weights is the number of values of packed weights.
func (c *Convolution) Weights() int { return len(c.offsets) * c.run * c.Out.blocks() * block }

// Pack writes weights [o, c, k, k] to packed, which must be zero at first.
func (c *Convolution) Pack(weights, packed []float32) {
	c.pack(func(o, i, ky, kx int) int { return ((o*c.In.Channels+i)*c.Kernel+ky)*c.Kernel + kx }, weights, packed)
}

// PackTurned writes weights [c, o, k, k] of another convolution to packed, so that this one computes
// the gradient of the other's images.
func (c *Convolution) PackTurned(weights, packed []float32) {
	last := c.Kernel - 1
	c.pack(func(o, i, ky, kx int) int { return ((i*c.Out.Channels+o)*c.Kernel+last-ky)*c.Kernel + last - kx }, weights, packed)
}

func (c *Convolution) pack(from func(o, i, ky, kx int) int, weights, packed []float32) {
	for o := range c.Out.Channels {
		b := o / block
		group, q := b/c.blocks, b%c.blocks
		for r := range c.offsets {
			for j := range c.run {
				i, ky, kx := c.term(r, j)
				if i >= c.In.Channels {
					continue
				}
				at := (((group*len(c.offsets)+r)*c.run+j)*c.blocks+q)*block + o%block
				packed[at] = weights[from(o, i, ky, kx)]
			}
		}
	}
}

// term is the channel and the tap of value j of a run.
func (c *Convolution) term(r, j int) (i, ky, kx int) {
	if c.In.Packed {
		return j % c.In.Channels, r, j / c.In.Channels
	}
	k := c.Kernel
	return r/(k*k)*block + j, r / k % k, r % k
}

// Run convolves images x with packed weights. It writes all pixels of y, and not its border.
func (c *Convolution) Run(images int, x, packed, y []float32, threads int) {
	inParts(images, threads, func(from, to int) {
		for n := from; n < to; n++ {
			c.image(x[n*c.In.Size():], packed, y[n*c.Out.Size():])
		}
	})
}

func (c *Convolution) image(x, packed, y []float32) {
	groups, size := c.Out.blocks()/c.blocks, len(packed)/(c.Out.blocks()/c.blocks)
	pixel := c.Stride * c.In.pixel()
	for g := range groups {
		w := &packed[g*size]
		for row := range c.Out.Height {
			from := row * c.Stride * c.In.row()
			for column := 0; column < c.Out.Width; {
				t := convTiles[c.blocks].fit(c.Out.Width - column)
				t.run(&x[from+column*pixel], &c.offsets[0], len(c.offsets), c.run, w, pixel, &y[c.Out.at(g*c.blocks, row, column)], c.Out.plane())
				column += t.pixels
			}
		}
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
	blocks := min(c.blocks, 2)
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

// unpack writes the sums of a job to the gradient, [o, c, k, k].
func (c *Convolution) unpack(j *weightJob, blocks int, gradient []float32) {
	for n := range j.channels {
		i, ky, kx := c.term(j.run, j.first+n)
		for q := range blocks {
			for lane := range block {
				if o := (j.b+q)*block + lane; o < c.Out.Channels {
					gradient[((o*c.In.Channels+i)*c.Kernel+ky)*c.Kernel+kx] = j.sums[(n*blocks+q)*block+lane]
				}
			}
		}
	}
}

// A convTile is a function for some pixels or channels, see asm.
type convTile struct {
	pixels int
	run    func(x *float32, offsets *int, runs, run int, w *float32, pixel int, y *float32, yBlock int)
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
