//go:build !(amd64 && goexperiment.simd)

package kernels

func axpy(a float32, x, y []float32)               { axpyPlain(a, x, y) }
func sumOf(x, y, sum []float32)                    { sumPlain(x, y, sum) }
func adam(s AdamStep, w, g, m, v []float32)        { adamPlain(s, w, g, m, v) }
func expSum(x, y []float32, shift float32) float32 { return expSumPlain(x, y, shift) }
func maxOf(x []float32) float32                    { return maxPlain(x) }
func scale(a float32, x []float32)                 { scalePlain(a, x) }
