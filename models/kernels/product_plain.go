//go:build !amd64 || !goexperiment.simd

package kernels

const haveProducts = false

func tile6(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool) {
	panic("kernels: no products")
}

func tile1(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool) {
	panic("kernels: no products")
}
