//go:build amd64 && goexperiment.simd

package kernels

import "simd/archsimd"

// sumRows keeps the sums of 64 columns in registers while it goes over the rows.
func sumRows(matrix []float32, rows []int32, sum []float32, first int) {
	if !haveAVX2 {
		sumRowsPlain(matrix, rows, sum, first)
		return
	}
	const wide = 8 * lanes
	width := len(sum)
	for ; first+wide <= width; first += wide {
		var s0, s1, s2, s3, s4, s5, s6, s7 archsimd.Float32x8
		for _, r := range rows {
			at := int(r)*width + first
			x := (*[wide]float32)(matrix[at : at+wide])
			s0 = s0.Add(archsimd.LoadFloat32x8Slice(x[0:8]))
			s1 = s1.Add(archsimd.LoadFloat32x8Slice(x[8:16]))
			s2 = s2.Add(archsimd.LoadFloat32x8Slice(x[16:24]))
			s3 = s3.Add(archsimd.LoadFloat32x8Slice(x[24:32]))
			s4 = s4.Add(archsimd.LoadFloat32x8Slice(x[32:40]))
			s5 = s5.Add(archsimd.LoadFloat32x8Slice(x[40:48]))
			s6 = s6.Add(archsimd.LoadFloat32x8Slice(x[48:56]))
			s7 = s7.Add(archsimd.LoadFloat32x8Slice(x[56:64]))
		}
		y := sum[first : first+wide]
		s0.StoreSlice(y[0:8])
		s1.StoreSlice(y[8:16])
		s2.StoreSlice(y[16:24])
		s3.StoreSlice(y[24:32])
		s4.StoreSlice(y[32:40])
		s5.StoreSlice(y[40:48])
		s6.StoreSlice(y[48:56])
		s7.StoreSlice(y[56:64])
	}
	for ; first+lanes <= width; first += lanes {
		var s archsimd.Float32x8
		for _, r := range rows {
			at := int(r)*width + first
			s = s.Add(archsimd.LoadFloat32x8Slice(matrix[at : at+lanes]))
		}
		s.StoreSlice(sum[first : first+lanes])
	}
	archsimd.ClearAVXUpperBits()
	sumRowsPlain(matrix, rows, sum, first)
}
