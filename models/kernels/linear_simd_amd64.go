//go:build amd64 && goexperiment.simd

package kernels

import "simd/archsimd"

// adamWide is Adam with AVX-512 for all of w: a register that is not full has the same values.
func adamWide(s *AdamStep, w, g, m, v []float32) {
	const wide = vectorColumns
	beta1, beta2 := archsimd.BroadcastFloat32x16(s.Beta1), archsimd.BroadcastFloat32x16(s.Beta2)
	rest1, rest2 := archsimd.BroadcastFloat32x16(s.Rest1), archsimd.BroadcastFloat32x16(s.Rest2)
	decay, rate := archsimd.BroadcastFloat32x16(s.Decay), archsimd.BroadcastFloat32x16(s.Rate)
	root, eps := archsimd.BroadcastFloat32x16(s.RootScale), archsimd.BroadcastFloat32x16(s.Epsilon)
	n := len(w)
	g, m, v = g[:n], m[:n], v[:n]
	i := 0
	for ; i+wide <= n; i += wide {
		wi := archsimd.LoadFloat32x16Slice(w[i : i+wide])
		gi := wi.MulAdd(decay, archsimd.LoadFloat32x16Slice(g[i:i+wide]))
		mi := archsimd.LoadFloat32x16Slice(m[i:i+wide]).MulAdd(beta1, gi.Mul(rest1))
		vi := archsimd.LoadFloat32x16Slice(v[i:i+wide]).MulAdd(beta2, gi.Mul(gi).Mul(rest2))
		mi.StoreSlice(m[i : i+wide])
		vi.StoreSlice(v[i : i+wide])
		step := mi.Mul(rate).Div(vi.Sqrt().MulAdd(root, eps))
		wi.Sub(step).StoreSlice(w[i : i+wide])
	}
	if i < n {
		w, g, m, v = w[i:], g[i:], m[i:], v[i:]
		wi := archsimd.LoadFloat32x16SlicePart(w)
		gi := wi.MulAdd(decay, archsimd.LoadFloat32x16SlicePart(g))
		mi := archsimd.LoadFloat32x16SlicePart(m).MulAdd(beta1, gi.Mul(rest1))
		vi := archsimd.LoadFloat32x16SlicePart(v).MulAdd(beta2, gi.Mul(gi).Mul(rest2))
		mi.StoreSlicePart(m)
		vi.StoreSlicePart(v)
		step := mi.Mul(rate).Div(vi.Sqrt().MulAdd(root, eps))
		wi.Sub(step).StoreSlicePart(w)
	}
	archsimd.ClearAVXUpperBits()
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

// pack copies x [rows, columns], whose rows are a distance apart, to y with rows another distance apart.
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
