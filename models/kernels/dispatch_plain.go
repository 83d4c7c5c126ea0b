//go:build !(amd64 && goexperiment.simd)

package kernels

import "foil/internal/numeric"

// SIMD is the vector code that the loops of this package run in this process.
func SIMD() numeric.SIMD { return numeric.NoSIMD }

// ClearRegisters does nothing where no vector code runs.
func ClearRegisters() {}

func axpy(a float32, x, y []float32)               { axpyPlain(a, x, y) }
func sumOf(x, y, sum []float32)                    { sumPlain(x, y, sum) }
func adam(s AdamStep, w, g, m, v []float32)        { adamPlain(s, w, g, m, v) }
func expSum(x, y []float32, shift float32) float32 { return expSumPlain(x, y, shift) }
func maxOf(x []float32) float32                    { return maxPlain(x) }
func scale(a float32, x []float32)                 { scalePlain(a, x) }

func dropout(d Dropout, x, y []float32)         { dropoutPlain(d, x, y) }
func dropoutAdd(d Dropout, grad, sum []float32) { dropoutAddPlain(d, grad, sum) }

func sumRows(matrix []float32, rows []int32, sum []float32, first int) {
	sumRowsPlain(matrix, rows, sum, first)
}
