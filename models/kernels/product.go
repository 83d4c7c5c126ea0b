package kernels

import (
	"sync"
	"unsafe"
)

// A Matrix is a view of values: element (row, column) is at Data[row*Row + column*Column].
type Matrix struct {
	Data        []float32
	Row, Column int
}

// Rows is a matrix whose rows of n values lie one after the other.
func Rows(data []float32, n int) Matrix { return Matrix{data, n, 1} }

// Turned is the transpose of m.
func (m Matrix) Turned() Matrix { return Matrix{m.Data, m.Column, m.Row} }

// panel is the number of terms that are summed before the sum is added to the result. It is that of
// GoMLX's products, so that both have the same bits.
const panel = 128

// Large is the number of multiplications from which GoMLX multiplies as Product does, and below
// which as SmallProduct and SmallDots do.
const Large = 4 << 20

const (
	tileRows    = 6
	tileColumns = 64
)

// HasProducts reports whether Product can be used in this process. It needs AVX-512.
func HasProducts() bool { return haveProducts }

// Product writes the product of a [m, k] and b [k, n] to c [m, n]. The columns of b and c must lie
// one after the other. The bits are those of GoMLX's products with AVX-512, for any number of
// threads.
func Product(m, n, k int, a, b, c Matrix, threads int) {
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		for i := range m {
			clear(c.Data[i*c.Row : i*c.Row+n])
		}
		return
	}
	if b.Column != 1 || c.Column != 1 {
		panic("kernels: the columns of a product do not lie one after the other")
	}
	_ = a.Data[(m-1)*a.Row+(k-1)*a.Column]
	_ = b.Data[(k-1)*b.Row+n-1]
	_ = c.Data[(m-1)*c.Row+n-1]
	tiles := (n + tileColumns - 1) / tileColumns
	InParallel(tiles, min(threads, 1+m*n*k/grain), func(from, to int) {
		productColumns(from*tileColumns, min(to*tileColumns, n), m, k, a, b, c)
	})
}

// grain is the number of multiplications for which another thread pays.
const grain = 1 << 20

// productColumns computes the columns of a product from one on to another. The next columns of b
// and c are loaded ahead, unless they are in the caches anyway.
func productColumns(from, to, m, k int, a, b, c Matrix) {
	var next ahead
	if to-from > tileColumns && k*b.Row >= cached {
		base := unsafe.Pointer(&b.Data[0])
		for p := range k {
			next.add(base, &b.Data[p*b.Row], tileColumns)
		}
		for i := range m {
			next.add(base, &c.Data[i*c.Row], tileColumns)
		}
		next.spread((m + tileRows - 1) / tileRows * k)
	}
	var packed []float32
	if m > 2*tileRows && k <= 2*panel {
		buffer := packs.Get().(*[]float32)
		defer packs.Put(buffer)
		packed = *buffer
	}
	for j := from; j < to; j += tileColumns {
		part, row, width := b.Data[j:], b.Row, min(tileColumns, to-j)
		if packed != nil {
			pack(part, row, k, width, packed, tileColumns)
			part, row = packed, tileColumns
		}
		next.begin(&b.Data[min(j+tileColumns, to-1)])
		eachTile(m, func(i, rows int) {
			for p := 0; p < k; p += panel {
				next.tile(rows, min(panel, k-p), &a.Data[i*a.Row+p*a.Column], a.Row, a.Column,
					&part[p*row], row, &c.Data[i*c.Row+j], c.Row, columns(width), p > 0)
			}
		})
	}
}

// packs are buffers for columns of b. Tiles read them many times, and a register that comes from
// two lines of the cache takes twice as long.
var packs = sync.Pool{New: func() any {
	x := aligned(2 * panel * tileColumns)
	return &x
}}

// aligned returns n values that begin with a line of the caches.
func aligned(n int) []float32 {
	x := make([]float32, n+lineValues)
	skip := -uintptr(unsafe.Pointer(&x[0])) / 4 % lineValues
	return x[skip:][:n]
}

// cached is a number of values that stay in the second-level cache.
const cached = 256 << 10

// columns are the bits of the first n columns of a tile.
func columns(n int) uint64 { return ^uint64(0) >> (tileColumns - min(tileColumns, n)) }

// eachTile calls f for tiles of m rows. The last one may overlap with the one before it, and then
// writes the same values again.
func eachTile(m int, f func(i, rows int)) {
	rows := min(m, tileRows)
	for i := 0; i < m; i += rows {
		f(min(i, m-rows), rows)
	}
}

// SmallProduct is Product for factors with fewer than 4 Mi multiplications, and more than 16
// columns. GoMLX has other code for these: sums have no panels, and the last columns, which do not
// fill a register, are computed one by one.
func SmallProduct(m, n, k int, a, b, c Matrix) {
	full := n &^ (vectorColumns - 1)
	for j := 0; j < full; j += tileColumns {
		bits := columns(full - j)
		eachTile(m, func(i, rows int) {
			fusedTiles[rows](k, &a.Data[i*a.Row], a.Row, a.Column, &b.Data[j], b.Row, &c.Data[i*c.Row+j], c.Row, bits, false)
		})
	}
	if full == n {
		return
	}
	eachTile(m, func(i, rows int) {
		roundedTiles[rows](k, &a.Data[i*a.Row], a.Row, a.Column, &b.Data[full], b.Row, &c.Data[i*c.Row+full], c.Row, 1<<(n-full)-1, false)
	})
}

// vectorColumns is the number of values of a register.
const vectorColumns = 16

// SmallDots writes the scalar products of the rows of a [m, k] with those of b [n, k] to c [m, n],
// for fewer than 4 Mi multiplications. All are stored row by row.
func SmallDots(m, n, k int, a, b, c []float32) {
	_, _, _ = a[:m*k], b[:n*k], c[:m*n]
	smallDots(m, n, k, a, b, c)
}

// Transpose writes x [rows, columns] to y as [columns, rows].
func Transpose(x []float32, rows, columns int, y []float32) {
	_ = y[:rows*columns]
	for j := 0; j < columns; j += transposeBlock {
		transpose(x[j:], columns, rows, min(transposeBlock, columns-j), y[j*rows:])
	}
}

// transposeBlock is the number of columns of which lines stay in the first-level cache.
const transposeBlock = 64

// transposePlain writes x [rows, columns], whose rows are a distance apart, to y as [columns,
// rows]. It begins with a row.
func transposePlain(x []float32, distance, first, rows, columns int, y []float32) {
	for r := first; r < rows; r++ {
		at := r
		for _, v := range x[r*distance : r*distance+columns] {
			y[at] = v
			at += rows
		}
	}
}
