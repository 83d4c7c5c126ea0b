//go:build !amd64 || !goexperiment.simd

package kernels

const haveProducts = false

var fusedTiles, roundedTiles [tileRows + 1]func(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

func peak(n int) { panic("kernels: there are no products") }

func smallDots(m, n, k int, a, b, c []float32) { panic("kernels: there are no products") }
