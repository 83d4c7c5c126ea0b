//go:build !amd64 || !goexperiment.simd

package kernels

const haveProducts = false

var fusedTiles, roundedTiles [tileRows + 1]func(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

func fetching6(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool, lines *int, base *float32) {
	panic("kernels: there are no products")
}

// best is the level of new convolutions.
var best = plain

var (
	convTiles   = [levels][5][]convTile{plain: {1: plainTiles(8)}}
	weightTiles = [levels][3][]convTile{plain: {1: plainTiles(block)}}
)

func runConv(code int, a *convArgs) { panic("kernels: there is no vector code") }

func runWeights(code int, a *weightArgs) { panic("kernels: there is no vector code") }

func sumProducts(a *sumArgs) { panic("kernels: there is no vector code") }

func peak2(n int) { panic("kernels: there is no vector code") }

func peak512(n int) { panic("kernels: there is no vector code") }

func smallDots(m, n, k int, a, b, c []float32) { panic("kernels: there are no products") }

func transpose(x []float32, distance, rows, columns int, y []float32) {
	transposePlain(x, distance, 0, rows, columns, y)
}

func pack(x []float32, distance, rows, columns int, y []float32, to int) {
	panic("kernels: there are no products")
}

// lanes is the number of values of a vector register.
const lanes = 8

func adamWide(s *AdamStep, w, g, m, v []float32, ahead int) { panic("kernels: there are no products") }
