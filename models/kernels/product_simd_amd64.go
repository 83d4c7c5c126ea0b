//go:build amd64 && goexperiment.simd

package kernels

import "simd/archsimd"

//go:generate go run ./asm

var haveProducts = archsimd.X86.AVX512()

// A tile adds k terms to sums of 6 rows or 1 row by 64 columns, of which columns has the bits. Then
// it writes the sums to c, or adds them to it. Distances are in values.

//go:noescape
func tile6(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func tile1(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)
