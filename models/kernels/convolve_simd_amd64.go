//go:build amd64 && goexperiment.simd

package kernels

// best is the level of new convolutions.
var best = func() level {
	switch {
	case haveProducts:
		return avx512
	case haveAVX2:
		return avx2
	}
	return plain
}()

// runConv and runWeights run a tile by its number.
//
//go:noescape
func runConv(code int, a *convArgs)

//go:noescape
func runWeights(code int, a *weightArgs)
