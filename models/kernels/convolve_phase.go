package kernels

import "fmt"

// A phase is a convolution of some rows and columns of a result: those from a first one on, at a
// distance.
type phase struct {
	in, out          Layout
	rowTaps, colTaps []tap // from the top to the bottom, from the left to the right of in
	rows, columns    int   // how many
	stride           int   // the distance of their pixels in in

	y placing

	level   level
	offsets []int // of the runs of values of in that a pixel depends on
	run     int   // values of a run
	blocks  int   // blocks of outputs that are computed together
}

// A placing says where a phase writes: the first pixel, the distances of its rows, pixels and blocks,
// and the size of an image.
type placing struct{ first, row, pixel, block, size int }

// A tap is an index of a kernel, and the row or column of in that it meets for pixel 0.
type tap struct{ k, at int }

func newPhase(in, out Layout, rowTaps, colTaps []tap, row, column, stride, distance int) phase {
	p := phase{
		in: in, out: out, rowTaps: rowTaps, colTaps: colTaps, stride: stride,
		rows: (out.Height - row + distance - 1) / distance, columns: (out.Width - column + distance - 1) / distance,
		y:     placing{out.at(0, row, column), distance * out.row(), distance * out.pixel(), out.plane(), out.Size()},
		level: best, run: block,
	}
	if out.Packed {
		panic("kernels: the result of a convolution is packed: only images that it reads may be")
	}
	if len(rowTaps) == 0 || len(colTaps) == 0 {
		p.rowTaps, p.colTaps = nil, nil
	} else {
		// Code without checks reads these places.
		need := max(-rowTaps[0].at, -colTaps[0].at, (p.rows-1)*stride+rowTaps[len(rowTaps)-1].at+1-in.Height,
			(p.columns-1)*stride+colTaps[len(colTaps)-1].at+1-in.Width)
		if need > in.Border {
			panic(fmt.Sprintf("kernels: the images of a convolution to %d x %d pixels have a border of %d: it must be at least %d", out.Height, out.Width, in.Border, need))
		}
	}
	for b := range in.blocks() {
		for _, ky := range p.rowTaps {
			if in.Packed {
				p.offsets = append(p.offsets, in.at(b, ky.at, colTaps[0].at))
				continue
			}
			for _, kx := range p.colTaps {
				p.offsets = append(p.offsets, in.at(b, ky.at, kx.at))
			}
		}
	}
	if in.Packed {
		p.run = len(p.colTaps) * in.Channels
	}
	p.blocks = 1
	for _, n := range []int{2, 4} {
		if out.blocks()%n == 0 && len(convTiles[p.level][n]) > 0 {
			p.blocks = n
		}
	}
	return p
}

func (p *phase) weights() int { return len(p.offsets) * p.run * p.out.blocks() * block }

// A source holds weights that are not packed, with the distances of its outputs and inputs, and what
// they are multiplied by.
type source struct {
	weights                   []float32
	kernel                    int
	outputDistance, distance  int
	outputScale, channelScale []float32
}

// pack writes all of packed: weights of outputs that fill no block are 0.
func (p *phase) pack(s source, packed []float32) {
	width := block
	if p.in.Packed {
		width = p.in.Channels
	}
	to := packed[:p.weights()]
	for g := 0; g < p.out.blocks(); g += p.blocks {
		for b := range p.in.blocks() {
			for _, ky := range p.rowTaps {
				for _, kx := range p.colTaps {
					for i := b * block; i < b*block+width; i++ {
						for o := g * block; o < (g+p.blocks)*block; o += block {
							n := 0
							if i < p.in.Channels {
								n = min(block, p.out.Channels-o)
								from := s.weights[ky.k*s.kernel+kx.k+o*s.outputDistance+i*s.distance:]
								scale, at := s.channelScale[i], 0
								for lane, outputScale := range s.outputScale[o : o+n] {
									to[lane] = from[at] * scale * outputScale
									at += s.outputDistance
								}
							}
							clear(to[n:block])
							to = to[block:]
						}
					}
				}
			}
		}
	}
}

// image convolves an image. Sums start from the bias, or from what y has if there is no bias.
func (p *phase) image(x, packed, bias []float32, floor float32, y []float32) {
	add := bias == nil
	if add && len(p.offsets) == 0 {
		return
	}
	x, packed, y = x[:p.in.Size()], packed[:p.weights()], y[:p.y.size]
	a := convArgs{
		offsets: p.offsets, run: p.run, pixel: p.stride * p.in.pixel(), yPixel: p.y.pixel, yBlock: p.y.block,
		startBlock: block, floor: floor,
	}
	if add {
		a.startPixel, a.startBlock = a.yPixel, a.yBlock
	}
	size := len(p.offsets) * p.run * p.blocks * block
	tiles := convTiles[p.level][p.blocks]
	for g := 0; g < p.out.blocks(); g += p.blocks {
		a.w, packed = packed[:size], packed[size:]
		for r := range p.rows {
			row, from := p.y.first+g*p.y.block+r*p.y.row, r*p.stride*p.in.row()
			for first, n := range parts(p.columns, len(tiles)) {
				a.x, a.y = x[from+first*a.pixel:], y[row+first*a.yPixel:]
				if a.start = a.y; !add {
					a.start = bias[g*block:]
				}
				p.level.convolve(tiles[n-1], &a)
			}
		}
	}
}

// parts splits n into as few parts of at most size as possible, of equal sizes as far as possible.
func parts(n, size int) func(func(first, n int) bool) {
	count := (n + size - 1) / size
	return func(yield func(first, n int) bool) {
		for i := range count {
			if first := n * i / count; !yield(first, n*(i+1)/count-first) {
				return
			}
		}
	}
}
