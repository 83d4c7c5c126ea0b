//go:build !amd64 || !goexperiment.simd

package kernels

const haveProducts = false

var fusedTiles, roundedTiles [tileRows + 1]func(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

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
