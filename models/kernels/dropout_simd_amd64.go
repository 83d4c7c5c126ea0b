//go:build amd64 && goexperiment.simd

package kernels

import "simd/archsimd"

func dropout(d Dropout, x, y []float32) {
	if !haveAVX2 {
		dropoutPlain(d, x, y)
		return
	}
	n := len(d.Bits) &^ (lanes - 1)
	limit := archsimd.BroadcastInt32x8(int32(d.Limit))
	keep := archsimd.BroadcastFloat32x8(d.Keep)
	for i := 0; i < n; i += lanes {
		kept := archsimd.LoadUint16x8Slice(d.Bits[i : i+lanes]).ExtendToUint32().AsInt32x8().GreaterEqual(limit)
		archsimd.LoadFloat32x8Slice(x[i : i+lanes]).Mul(keep).Masked(kept).StoreSlice(y[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	dropoutPlain(d.At(n, len(d.Bits)), x[n:], y[n:])
}

func dropoutAdd(d Dropout, grad, sum []float32) {
	if !haveAVX2 {
		dropoutAddPlain(d, grad, sum)
		return
	}
	n := len(d.Bits) &^ (lanes - 1)
	limit := archsimd.BroadcastInt32x8(int32(d.Limit))
	keep := archsimd.BroadcastFloat32x8(d.Keep)
	for i := 0; i < n; i += lanes {
		kept := archsimd.LoadUint16x8Slice(d.Bits[i : i+lanes]).ExtendToUint32().AsInt32x8().GreaterEqual(limit)
		si := archsimd.LoadFloat32x8Slice(sum[i : i+lanes])
		archsimd.LoadFloat32x8Slice(grad[i:i+lanes]).MulAdd(keep, si).Merge(si, kept).StoreSlice(sum[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	dropoutAddPlain(d.At(n, len(d.Bits)), grad[n:], sum[n:])
}
