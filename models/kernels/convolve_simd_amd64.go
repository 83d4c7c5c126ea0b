//go:build amd64 && goexperiment.simd

package kernels

// best is the level of new convolutions. Without AVX2 there are no fused products at all, so that SIMD
// tells what the bits are.
var best = func() level {
	switch {
	case !haveAVX2:
		return plain
	case haveProducts:
		return avx512
	}
	return avx2
}()

// runConv and runWeights run a tile by its number.
//
//go:noescape
func runConv(code int, a *convArgs)

//go:noescape
func runWeights(code int, a *weightArgs)

//go:noescape
func sumProducts(a *sumArgs)
