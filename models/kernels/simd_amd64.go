//go:build amd64 && goexperiment.simd

package kernels

import (
	"math"
	"simd/archsimd"

	"foil/internal/numeric"
)

// lanes is the number of float32 in an AVX2 register.
const lanes = 8

var haveAVX2 = archsimd.X86.AVX2() && archsimd.X86.FMA()

// SIMD is the vector code that the loops of this package run in this process. Convolutions with AVX-512
// have the bits of those with AVX2.
func SIMD() numeric.SIMD {
	if haveAVX2 {
		return numeric.AVX2
	}
	return numeric.NoSIMD
}

// ClearRegisters clears the upper halves of the vector registers. Code that leaves them set, such as
// GoMLX's AVX-512 products, makes math.Exp after it a hundred times slower on some processors.
func ClearRegisters() {
	if haveAVX2 {
		archsimd.ClearAVXUpperBits()
	}
}

func axpy(a float32, x, y []float32) {
	if !haveAVX2 {
		axpyPlain(a, x, y)
		return
	}
	n := len(x) &^ (lanes - 1)
	va := archsimd.BroadcastFloat32x8(a)
	for i := 0; i < n; i += lanes {
		xi := archsimd.LoadFloat32x8Slice(x[i : i+lanes])
		yi := archsimd.LoadFloat32x8Slice(y[i : i+lanes])
		xi.MulAdd(va, yi).StoreSlice(y[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	axpyPlain(a, x[n:], y[n:])
}

func sumOf(x, y, sum []float32) {
	if !haveAVX2 {
		sumPlain(x, y, sum)
		return
	}
	n := len(sum) &^ (lanes - 1)
	for i := 0; i < n; i += lanes {
		xi := archsimd.LoadFloat32x8Slice(x[i : i+lanes])
		xi.Add(archsimd.LoadFloat32x8Slice(y[i : i+lanes])).StoreSlice(sum[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	sumPlain(x[n:], y[n:], sum[n:])
}

// adamAhead is how far ahead memory is loaded, in bytes.
const adamAhead = 2048

func adam(s AdamStep, w, g, m, v []float32) {
	if !haveAVX2 {
		adamPlain(s, w, g, m, v)
		return
	}
	n := len(w) &^ (lanes - 1)
	if haveProducts {
		adamWide(&s, w[:n], g, m, v, adamAhead)
		adamPlain(s, w[n:], g[n:], m[n:], v[n:])
		return
	}
	beta1 := archsimd.BroadcastFloat32x8(s.Beta1)
	beta2 := archsimd.BroadcastFloat32x8(s.Beta2)
	rest1 := archsimd.BroadcastFloat32x8(s.Rest1)
	rest2 := archsimd.BroadcastFloat32x8(s.Rest2)
	decay := archsimd.BroadcastFloat32x8(s.Decay)
	rate := archsimd.BroadcastFloat32x8(s.Rate)
	root := archsimd.BroadcastFloat32x8(s.RootScale)
	eps := archsimd.BroadcastFloat32x8(s.Epsilon)
	for i := 0; i < n; i += lanes {
		wi := archsimd.LoadFloat32x8Slice(w[i : i+lanes])
		gi := wi.MulAdd(decay, archsimd.LoadFloat32x8Slice(g[i:i+lanes]))
		mi := archsimd.LoadFloat32x8Slice(m[i:i+lanes]).MulAdd(beta1, gi.Mul(rest1))
		vi := archsimd.LoadFloat32x8Slice(v[i:i+lanes]).MulAdd(beta2, gi.Mul(gi).Mul(rest2))
		mi.StoreSlice(m[i : i+lanes])
		vi.StoreSlice(v[i : i+lanes])
		step := mi.Mul(rate).Div(vi.Sqrt().MulAdd(root, eps))
		wi.Sub(step).StoreSlice(w[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	adamPlain(s, w[n:], g[n:], m[n:], v[n:])
}

// expSum computes exp by the usual reduction x = k ln 2 + r, |r| <= ln 2 / 2, and a polynomial of
// degree 6 in r. The relative error is about 2e-7, one or two units in the last place. Below -87
// the result is that of -87, which is close to the smallest normal number; that does not affect a
// sum of probabilities or the variance of a latent vector. Above maxExp the result is +Inf.
func expSum(x, y []float32, shift float32) float32 {
	if !haveAVX2 {
		return expSumPlain(x, y, shift)
	}
	n := len(x) &^ (lanes - 1)
	vshift := archsimd.BroadcastFloat32x8(shift)
	low := archsimd.BroadcastFloat32x8(-87)
	high := archsimd.BroadcastFloat32x8(maxExp)
	inf := archsimd.BroadcastFloat32x8(float32(math.Inf(1)))
	log2e := archsimd.BroadcastFloat32x8(1.44269504)
	ln2hi := archsimd.BroadcastFloat32x8(-0.693359375)
	ln2lo := archsimd.BroadcastFloat32x8(2.12194440e-4)
	c6 := archsimd.BroadcastFloat32x8(1.0 / 720)
	c5 := archsimd.BroadcastFloat32x8(1.0 / 120)
	c4 := archsimd.BroadcastFloat32x8(1.0 / 24)
	c3 := archsimd.BroadcastFloat32x8(1.0 / 6)
	c2 := archsimd.BroadcastFloat32x8(0.5)
	one := archsimd.BroadcastFloat32x8(1)
	bias := archsimd.BroadcastInt32x8(127)
	var sum archsimd.Float32x8
	for i := 0; i < n; i += lanes {
		// If an operand is NaN, Max and Min return the second operand, so raw must be second.
		raw := archsimd.LoadFloat32x8Slice(x[i : i+lanes]).Sub(vshift)
		xi := high.Min(low.Max(raw))
		k := xi.Mul(log2e).RoundToEven()
		r := k.MulAdd(ln2lo, k.MulAdd(ln2hi, xi))
		p := c6.MulAdd(r, c5).MulAdd(r, c4).MulAdd(r, c3).MulAdd(r, c2).MulAdd(r, one).MulAdd(r, one)
		power := k.ConvertToInt32().Add(bias).ShiftAllLeft(23).AsFloat32x8()
		e := inf.Merge(p.Mul(power), raw.Greater(high))
		e.StoreSlice(y[i : i+lanes])
		sum = sum.Add(e)
	}
	var parts [lanes]float32
	sum.Store(&parts)
	archsimd.ClearAVXUpperBits()
	total := expSumPlain(x[n:], y[n:], shift)
	for _, p := range parts {
		total += p
	}
	return total
}

func maxOf(x []float32) float32 {
	if !haveAVX2 || len(x) < lanes {
		return maxPlain(x)
	}
	n := len(x) &^ (lanes - 1)
	top := archsimd.LoadFloat32x8Slice(x[:lanes])
	lost := top // keeps NaN, which Max does not
	for i := lanes; i < n; i += lanes {
		xi := archsimd.LoadFloat32x8Slice(x[i : i+lanes])
		lost = xi.Merge(lost, xi.IsNaN())
		top = top.Max(xi)
	}
	var parts, nans [lanes]float32
	top.Store(&parts)
	lost.Store(&nans)
	archsimd.ClearAVXUpperBits()
	best := max(maxPlain(parts[:]), maxPlain(nans[:]))
	if n < len(x) {
		best = max(best, maxPlain(x[n:]))
	}
	return best
}

func scale(a float32, x []float32) {
	if !haveAVX2 {
		scalePlain(a, x)
		return
	}
	n := len(x) &^ (lanes - 1)
	va := archsimd.BroadcastFloat32x8(a)
	for i := 0; i < n; i += lanes {
		archsimd.LoadFloat32x8Slice(x[i : i+lanes]).Mul(va).StoreSlice(x[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	scalePlain(a, x[n:])
}
