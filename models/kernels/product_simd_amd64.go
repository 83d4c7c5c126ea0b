//go:build amd64 && goexperiment.simd

package kernels

import "simd/archsimd"

//go:generate go run ./asm

var haveProducts = archsimd.X86.AVX512()

// A tile adds k terms to the sums of some rows of a by 64 columns of b, or 16 if it is rounded, of
// which columns has the bits. Then it writes the sums to c, or adds them to it. Distances are in
// values. The code is in assembly: see asm.
type tile func(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

// Tiles by their number of rows.
var (
	fusedTiles   = [tileRows + 1]tile{nil, fused1, fused2, fused3, fused4, fused5, fused6}
	roundedTiles = [tileRows + 1]tile{nil, rounded1, rounded2, rounded3, rounded4, rounded5, rounded6}
)

//go:noescape
func fused1(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func fused2(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func fused3(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func fused4(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func fused5(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func fused6(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func rounded1(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func rounded2(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func rounded3(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func rounded4(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func rounded5(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func rounded6(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool)

//go:noescape
func fetching6(k int, a *float32, aRow, aStep int, b *float32, bStep int, c *float32, cStep int, columns uint64, add bool, lines *int, base *float32)

//go:noescape
func adam16(s *AdamStep, n int, w, grad, m, v *float32, ahead int)

// peak512 does 24 n multiplications and additions of 16 values, peak2 12 n of 8 values. See Peak.
func peak512(n int)
func peak2(n int)

// smallDots computes two rows by five columns at once: Go's compiler uses 15 registers.
func smallDots(m, n, k int, a, b, c []float32) {
	const columns = 5
	for i := 0; i < m; i += 2 {
		x0 := a[i*k : (i+1)*k]
		x1, last := x0, i+1 == m
		if !last {
			x1 = a[(i+1)*k : (i+2)*k]
		}
		j := 0
		for ; j+columns <= n; j += columns {
			var s [2][columns]float32
			dots2x5(k, x0, x1, b[j*k:], &s)
			copy(c[i*n+j:i*n+j+columns], s[0][:])
			if !last {
				copy(c[(i+1)*n+j:(i+1)*n+j+columns], s[1][:])
			}
		}
		for ; j < n; j++ {
			c[i*n+j] = dot(x0, b[j*k:(j+1)*k])
			if !last {
				c[(i+1)*n+j] = dot(x1, b[j*k:(j+1)*k])
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

func dots2x5(k int, x0, x1, b []float32, s *[2][5]float32) {
	y0, y1, y2, y3, y4 := b[:k], b[k:2*k], b[2*k:3*k], b[3*k:4*k], b[4*k:5*k]
	x0, x1 = x0[:k], x1[:k]
	var s00, s01, s02, s03, s04, s10, s11, s12, s13, s14 archsimd.Float32x16
	p := 0
	for ; p+vectorColumns <= k; p += vectorColumns {
		u, v := archsimd.LoadFloat32x16Slice(x0[p:p+16]), archsimd.LoadFloat32x16Slice(x1[p:p+16])
		y := archsimd.LoadFloat32x16Slice(y0[p : p+16])
		s00, s10 = u.MulAdd(y, s00), v.MulAdd(y, s10)
		y = archsimd.LoadFloat32x16Slice(y1[p : p+16])
		s01, s11 = u.MulAdd(y, s01), v.MulAdd(y, s11)
		y = archsimd.LoadFloat32x16Slice(y2[p : p+16])
		s02, s12 = u.MulAdd(y, s02), v.MulAdd(y, s12)
		y = archsimd.LoadFloat32x16Slice(y3[p : p+16])
		s03, s13 = u.MulAdd(y, s03), v.MulAdd(y, s13)
		y = archsimd.LoadFloat32x16Slice(y4[p : p+16])
		s04, s14 = u.MulAdd(y, s04), v.MulAdd(y, s14)
	}
	var rest [4]float32
	sums(s00, s01, s02, s03).Store((*[4]float32)(s[0][:4]))
	sums(s10, s11, s12, s13).Store((*[4]float32)(s[1][:4]))
	sums(s04, s14, s04, s14).Store(&rest)
	s[0][4], s[1][4] = rest[0], rest[1]
	archsimd.ClearAVXUpperBits() // the loop below mixes with older instructions
	for i, x := range [2][]float32{x0[p:], x1[p:]} {
		r0, r1, r2, r3, r4 := s[i][0], s[i][1], s[i][2], s[i][3], s[i][4]
		n := len(x)
		z0, z1, z2, z3, z4 := y0[p:][:n], y1[p:][:n], y2[p:][:n], y3[p:][:n], y4[p:][:n]
		for q, v := range x {
			r0 += float32(v * z0[q])
			r1 += float32(v * z1[q])
			r2 += float32(v * z2[q])
			r3 += float32(v * z3[q])
			r4 += float32(v * z4[q])
		}
		s[i] = [5]float32{r0, r1, r2, r3, r4}
	}
}

func dot(x, y []float32) float32 {
	y = y[:len(x)]
	var s archsimd.Float32x16
	p := 0
	for ; p+vectorColumns <= len(x); p += vectorColumns {
		s = archsimd.LoadFloat32x16Slice(x[p:p+16]).MulAdd(archsimd.LoadFloat32x16Slice(y[p:p+16]), s)
	}
	sum := sum16(s)
	for ; p < len(x); p++ {
		sum += float32(x[p] * y[p])
	}
	return sum
}

// sums adds the values of each of four registers, in the order of sum16.
func sums(a, b, c, d archsimd.Float32x16) archsimd.Float32x4 {
	return quarter(a).AddPairs(quarter(b)).AddPairs(quarter(c).AddPairs(quarter(d)))
}

// quarter adds values of a register until four are left.
func quarter(x archsimd.Float32x16) archsimd.Float32x4 {
	x8 := x.GetHi().Add(x.GetLo())
	return x8.GetHi().Add(x8.GetLo())
}

// sum16 adds the values of a register.
func sum16(x archsimd.Float32x16) float32 {
	pairs := quarter(x).AddPairs(quarter(x))
	return pairs.GetElem(0) + pairs.GetElem(1)
}
