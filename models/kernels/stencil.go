package kernels

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
	tiles   tiles  // nil: plain Go
}

// tiled chooses the tiles for the blocks of the result, and returns the stencil.
func (s stencil) tiled() stencil {
	s.blocks = 1
	for n := range convTiles[level] {
		if n > 0 && s.out.blocks()%n == 0 && convTiles[level][n] != nil {
			s.blocks = n
		}
	}
	s.tiles = convTiles[level][s.blocks]
	return s
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
				for o := group * block; o < (group+s.blocks)*block; o += block {
					lanes := packed[at : at+block]
					at += block
					known := 0
					if i < s.in.Channels {
						known = max(0, min(block, s.out.Channels-o))
					}
					from := o*of[0] + i*of[1] + t
					for lane := range lanes[:known] {
						lanes[lane] = weights[from]
						from += of[0]
					}
					clear(lanes[known:])
					if scale != nil {
						for lane := range lanes[:known] {
							lanes[lane] *= scale[(o+lane)*perOut+i*perIn]
						}
					}
				}
			}
		}
	}
}

// farWeights is the number of bytes of weights from which images go through one group of outputs
// after the other, so that its weights stay in the second-level cache. Otherwise an image goes through
// all groups, so that the image stays there.
const farWeights = 1 << 20

// far reports whether a number of weights is so large that images should come together.
func far(weights int) bool { return 4*weights > farWeights }

// images computes the pixels of images y from images x. Sums begin with bias, or with what is in y if
// add is set.
func (s *stencil) images(x, packed, bias []float32, floor float32, add bool, y []float32) {
	n := len(y) / s.out.Size()
	each := func(i, b int) {
		s.group(b, x[i*s.in.Size():], packed, bias, floor, add, y[i*s.out.Size():(i+1)*s.out.Size()])
	}
	if far(s.weights()) {
		for b := 0; b < s.out.blocks(); b += s.blocks {
			for i := range n {
				each(i, b)
			}
		}
		return
	}
	for i := range n {
		for b := 0; b < s.out.blocks(); b += s.blocks {
			each(i, b)
		}
	}
}

// group computes the blocks of an image from b on that are computed together.
func (s *stencil) group(b int, x, packed, bias []float32, floor float32, add bool, y []float32) {
	if len(s.offsets) == 0 {
		s.nothing(b, bias, floor, add, y)
		return
	}
	if s.tiles == nil {
		s.plain(b, x, packed, bias, floor, add, y)
		return
	}
	yRow, yPixel, yBlock := s.apart*s.out.row(), s.apart*block, s.out.plane()
	w := &packed[b*len(s.offsets)*s.run*block]
	to := s.out.at(b, s.first[0], s.first[1])
	start, startPixel, startBlock := &zeros[0], 0, 0
	if bias != nil {
		start, startBlock = &bias[b*block], block
	}
	for row := range s.height {
		for column := 0; column < s.width; {
			t := s.tiles.fit(s.width - column)
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

// zeros is the start of sums without a bias.
var zeros [4 * block]float32

// nothing is group where the kernel does not reach.
func (s *stencil) nothing(first int, bias []float32, floor float32, add bool, y []float32) {
	if add {
		return
	}
	for b := first; b < first+s.blocks; b++ {
		var values [block]float32
		if bias != nil {
			copy(values[:], bias[b*block:])
		}
		for i, v := range values {
			values[i] = max(v, floor)
		}
		for row := range s.height {
			for column := range s.width {
				copy(y[s.out.at(b, s.first[0]+row*s.apart, s.first[1]+column*s.apart):], values[:])
			}
		}
	}
}

// plain is group without vector instructions, for one block.
func (s *stencil) plain(b int, x, packed, bias []float32, floor float32, add bool, y []float32) {
	size := len(s.offsets) * s.run * block
	for row := range s.height {
		for column := range s.width {
			to := y[s.out.at(b, s.first[0]+row*s.apart, s.first[1]+column*s.apart):][:block]
			var sums [block]float32
			switch {
			case add:
				copy(sums[:], to)
			case bias != nil:
				copy(sums[:], bias[b*block:])
			}
			w := packed[b*size : (b+1)*size]
			from := row*s.step[0] + column*s.step[1]
			for _, offset := range s.offsets {
				for _, v := range x[from+offset:][:s.run] {
					for i, weight := range w[:block] {
						sums[i] += v * weight
					}
					w = w[block:]
				}
			}
			for i, sum := range sums {
				to[i] = max(sum, floor)
			}
		}
	}
}
