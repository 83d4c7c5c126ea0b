//go:build amd64 && goexperiment.simd

package kernels

import "simd/archsimd"

// adamWide is Adam with AVX-512 for all of w: a register that is not full has the same values.
// Beside each line of memory, it loads one that is a number of bytes ahead.
func adamWide(s *AdamStep, w, g, m, v []float32, ahead int) {
	n := len(w)
	g, m, v = g[:n], m[:n], v[:n]
	if n >= vectorColumns {
		adam16(s, n/vectorColumns, &w[0], &g[0], &m[0], &v[0], ahead)
	}
	full := n &^ (vectorColumns - 1)
	if full == n {
		return
	}
	var rest [4][vectorColumns]float32
	for i, x := range [][]float32{w[full:], g[full:], m[full:], v[full:]} {
		copy(rest[i][:], x)
	}
	adam16(s, 1, &rest[0][0], &rest[1][0], &rest[2][0], &rest[3][0], 0)
	copy(w[full:], rest[0][:])
	copy(m[full:], rest[2][:])
	copy(v[full:], rest[3][:])
}

// transpose writes x [rows, columns], whose rows are a distance apart, to y as [columns, rows]. It
// moves eight rows by four columns at once.
func transpose(x []float32, distance, rows, columns int, y []float32) {
	first := 0
	if haveAVX2 && columns%4 == 0 {
		for ; first+lanes <= rows; first += lanes {
			r := x[first*distance:]
			r0, r1, r2, r3 := r[:columns], r[distance:][:columns], r[2*distance:][:columns], r[3*distance:][:columns]
			r4, r5, r6, r7 := r[4*distance:][:columns], r[5*distance:][:columns], r[6*distance:][:columns], r[7*distance:][:columns]
			for j := 0; j+4 <= columns; j += 4 {
				var zero archsimd.Float32x8
				a := zero.SetLo(archsimd.LoadFloat32x4Slice(r0[j : j+4])).SetHi(archsimd.LoadFloat32x4Slice(r4[j : j+4]))
				b := zero.SetLo(archsimd.LoadFloat32x4Slice(r1[j : j+4])).SetHi(archsimd.LoadFloat32x4Slice(r5[j : j+4]))
				c := zero.SetLo(archsimd.LoadFloat32x4Slice(r2[j : j+4])).SetHi(archsimd.LoadFloat32x4Slice(r6[j : j+4]))
				d := zero.SetLo(archsimd.LoadFloat32x4Slice(r3[j : j+4])).SetHi(archsimd.LoadFloat32x4Slice(r7[j : j+4]))
				ab, cd := a.SelectFromPairGrouped(0, 1, 4, 5, b), c.SelectFromPairGrouped(0, 1, 4, 5, d)
				to := y[j*rows+first:]
				ab.SelectFromPairGrouped(0, 2, 4, 6, cd).StoreSlice(to[:lanes])
				ab.SelectFromPairGrouped(1, 3, 5, 7, cd).StoreSlice(to[rows:][:lanes])
				ab, cd = a.SelectFromPairGrouped(2, 3, 6, 7, b), c.SelectFromPairGrouped(2, 3, 6, 7, d)
				ab.SelectFromPairGrouped(0, 2, 4, 6, cd).StoreSlice(to[2*rows:][:lanes])
				ab.SelectFromPairGrouped(1, 3, 5, 7, cd).StoreSlice(to[3*rows:][:lanes])
			}
		}
		archsimd.ClearAVXUpperBits()
	}
	transposePlain(x, distance, first, rows, columns, y)
}

// pack copies x [rows, columns], whose rows are a distance apart, to y with rows another distance
// apart.
func pack(x []float32, distance, rows, columns int, y []float32, to int) {
	const wide = 4 * vectorColumns
	for j := 0; j < columns; j += wide {
		if j+wide > columns {
			for r := range rows {
				copy(y[r*to+j:], x[r*distance+j:r*distance+columns])
			}
			break
		}
		for r := range rows {
			from, into := x[r*distance+j:][:wide], y[r*to+j:][:wide]
			a, b := archsimd.LoadFloat32x16Slice(from[:16]), archsimd.LoadFloat32x16Slice(from[16:32])
			c, d := archsimd.LoadFloat32x16Slice(from[32:48]), archsimd.LoadFloat32x16Slice(from[48:])
			a.StoreSlice(into[:16])
			b.StoreSlice(into[16:32])
			c.StoreSlice(into[32:48])
			d.StoreSlice(into[48:])
		}
	}
	archsimd.ClearAVXUpperBits()
}
