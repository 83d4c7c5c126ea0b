package kernels

// A level is the vector code that convolutions run. AVX-512 and AVX2 have the same bits: each value is
// a sum of fused products in the same order. Plain Go rounds in another way.
type level int

const (
	plain level = iota
	avx2
	avx512
	levels
)

// A convTile is a part of a result that fits the registers: pixels, or channels of weights, by
// blocks of 16 outputs. Its code is in assembly: see asm.
type convTile struct{ size, blocks, code int }

// convArgs are the arguments of a tile of a convolution. Distances are in values.
type convArgs struct {
	x       []float32 // of the first pixel
	offsets []int     // of runs of values of x
	run     int       // values of a run
	w       []float32 // [runs, run, blocks, 16]
	pixel   int       // distance of pixels in x

	start                  []float32 // what sums start from
	startPixel, startBlock int
	y                      []float32
	yPixel, yBlock         int
	floor                  float32
}

// weightArgs are the arguments of a tile of a gradient of weights, which is added to sums: [channels,
// blocks, 16].
type weightArgs struct {
	images, rows, columns int
	x                     []float32
	xImage, xRow, xPixel  int
	v                     []float32
	vImage, vRow, vBlock  int
	sums                  []float32
}

// sumArgs are the arguments of sums of products of some pixels. Each is of 4 values. lanes has all
// bits of those that are written to y. Other values of the block of y become 0.
type sumArgs struct {
	pixels, pixel int
	x             []float32
	offsets       []int // of a pixel's products in x
	start         []float32
	startPixel    int
	y             []float32
	yPixel        int
	floor         float32
	lanes         [4]uint32
}

// plainTiles returns tiles of one block, the smallest first.
func plainTiles(n int) []convTile {
	tiles := make([]convTile, n)
	for i := range tiles {
		tiles[i] = convTile{size: i + 1, blocks: 1}
	}
	return tiles
}

func (l level) convolve(t convTile, a *convArgs) {
	if l == plain {
		convPlain(t.size, a)
		return
	}
	runConv(t.code, a)
}

func (l level) sumWeights(t convTile, a *weightArgs) {
	if l == plain {
		weightsPlain(t.size, a)
		return
	}
	runWeights(t.code, a)
}

func (l level) sum(a *sumArgs) {
	if l == plain {
		sumProductsPlain(a)
		return
	}
	sumProducts(a)
}

// convPlain computes some pixels of a block.
func convPlain(pixels int, a *convArgs) {
	for p := range pixels {
		sum := [block]float32(a.start[p*a.startPixel:])
		w := a.w
		for _, offset := range a.offsets {
			for _, x := range a.x[offset+p*a.pixel:][:a.run] {
				for i, v := range w[:block] {
					sum[i] += x * v
				}
				w = w[block:]
			}
		}
		raise(sum[:], a.floor)
		copy(a.y[p*a.yPixel:], sum[:])
	}
}

// weightsPlain adds to the sums of some channels by a block.
func weightsPlain(channels int, a *weightArgs) {
	for n := range a.images {
		for r := range a.rows {
			for c := range a.columns {
				x := a.x[n*a.xImage+r*a.xRow+c*a.xPixel:][:channels]
				v := [block]float32(a.v[n*a.vImage+r*a.vRow+c*block:])
				for i, value := range x {
					sums := a.sums[i*block:][:block]
					for lane := range v {
						sums[lane] += value * v[lane]
					}
				}
			}
		}
	}
}

// raise makes values at least the floor, except NaN.
func raise(x []float32, floor float32) {
	for i, v := range x {
		if floor > v {
			x[i] = floor
		}
	}
}

func sumProductsPlain(a *sumArgs) {
	for p := range a.pixels {
		sum := [fewest]float32(a.start[p*a.startPixel:])
		for _, offset := range a.offsets {
			for i, v := range a.x[p*a.pixel+offset:][:fewest] {
				sum[i] += v
			}
		}
		raise(sum[:], a.floor)
		y := a.y[p*a.yPixel:][:block]
		clear(y)
		for i, bits := range a.lanes {
			if bits != 0 {
				y[i] = sum[i]
			}
		}
	}
}
