package kernels

import "foil/internal/numeric"

// level is the vector code that convolutions use in this process. Results have the same bits with
// AVX-512 and AVX2, which add the same products in the same order.
var level = best()

// A tile is a function of vector code for a number of pixels of a convolution, or of channels of its
// gradient, see asm.
type convTile struct {
	pixels int
	run    func(x *float32, offsets *int, runs, run int, w *float32, pixel int, start *float32, startPixel, startBlock int, floor float32, y *float32, yPixel, yBlock int)
	sum    func(images, rows, columns int, x *float32, xImage, xRow, xPixel int, v *float32, vImage, vRow, vBlock int, w *float32, add bool)
}

// tiles are those for one number of blocks, the largest first. The last one is for one pixel.
type tiles []convTile

// single is the only tile of plain Go.
var single = convTile{pixels: 1}

// fit returns the largest tile for at most n pixels.
func (l tiles) fit(n int) *convTile {
	for i := range l {
		if l[i].pixels <= n {
			return &l[i]
		}
	}
	return &single
}

// Tiles by level and number of blocks of outputs.
var (
	convTiles   map[numeric.SIMD][5]tiles
	weightTiles map[numeric.SIMD][3]tiles
)
