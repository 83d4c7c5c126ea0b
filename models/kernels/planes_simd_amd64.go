//go:build amd64 && goexperiment.simd

package kernels

import (
	"math"
	"simd/archsimd"
)

// The vector forms of the loops in planes.go. A block has two registers of AVX2, which are called
// halves here. The two halves of a row are computed one after the other, while it is in the cache.

func load(x []float32) archsimd.Float32x8 { return archsimd.LoadFloat32x8Slice(x[:lanes]) }

func spreadOver(v float32) archsimd.Float32x8 { return archsimd.BroadcastFloat32x8(v) }

func affinePlane(rows, run, stride int, x, y, scale, shift []float32, floor float32) {
	if !haveAVX2 {
		affinePlain(rows, run, stride, x, y, scale, shift, floor)
		return
	}
	low := spreadOver(floor)
	for r := range rows {
		from, to := x[r*stride:][:run], y[r*stride:][:run]
		for half := 0; half < block; half += lanes {
			a, b := load(scale[half:]), load(shift[half:])
			for i := half; i <= len(from)-lanes && i <= len(to)-lanes; i += block {
				low.Max(load(from[i:]).MulAdd(a, b)).StoreSlice(to[i : i+lanes])
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

func slopePlane(rows, run, stride int, x, y, scale, shift []float32, slope float32) {
	if !haveAVX2 {
		slopePlain(rows, run, stride, x, y, scale, shift, slope)
		return
	}
	s, zero := spreadOver(slope), spreadOver(0)
	for r := range rows {
		from, to := x[r*stride:][:run], y[r*stride:][:run]
		for half := 0; half < block; half += lanes {
			a, b := load(scale[half:]), load(shift[half:])
			for i := half; i <= len(from)-lanes && i <= len(to)-lanes; i += block {
				t := load(from[i:]).MulAdd(a, b)
				zero.Min(t).MulAdd(s, zero.Max(t)).StoreSlice(to[i : i+lanes])
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

func sumPlane(rows, run, stride int, x, sum []float32) {
	if !haveAVX2 {
		sumPlanePlain(rows, run, stride, x, sum)
		return
	}
	var a, b archsimd.Float32x8
	for r := range rows {
		from := x[r*stride:][:run]
		for i := 0; i <= len(from)-block; i += block {
			a, b = a.Add(load(from[i:])), b.Add(load(from[i+lanes:]))
		}
	}
	a.StoreSlice(sum[:lanes])
	b.StoreSlice(sum[lanes:block])
	archsimd.ClearAVXUpperBits()
}

func squaresPlane(rows, run, stride int, x, mean, squares []float32) {
	if !haveAVX2 {
		squaresPlain(rows, run, stride, x, mean, squares)
		return
	}
	m, n := load(mean), load(mean[lanes:])
	var a, b archsimd.Float32x8
	for r := range rows {
		from := x[r*stride:][:run]
		for i := 0; i <= len(from)-block; i += block {
			d, e := load(from[i:]).Sub(m), load(from[i+lanes:]).Sub(n)
			a, b = d.MulAdd(d, a), e.MulAdd(e, b)
		}
	}
	a.StoreSlice(squares[:lanes])
	b.StoreSlice(squares[lanes:block])
	archsimd.ClearAVXUpperBits()
}

func normSumsPlane(rows, run, stride int, v, x, scale, shift []float32, slope float32, mean, sums, dots, slopes []float32) {
	if !haveAVX2 {
		normSumsPlain(rows, run, stride, v, x, scale, shift, slope, mean, sums, dots, slopes)
		return
	}
	zero, gentle := spreadOver(0), spreadOver(slope)
	for half := 0; half < block; half += lanes {
		a, b, m := load(scale[half:]), load(shift[half:]), load(mean[half:])
		var sum, dot, below archsimd.Float32x8
		for r := range rows {
			vs, xs := v[r*stride:][:run], x[r*stride:][:run]
			for i := half; i <= len(vs)-lanes && i <= len(xs)-lanes; i += block {
				u, value := load(vs[i:]), load(xs[i:])
				t := value.MulAdd(a, b)
				below = u.MulAdd(zero.Min(t), below)
				u = u.Merge(u.Mul(gentle), t.Greater(zero))
				sum, dot = sum.Add(u), u.MulAdd(value.Sub(m), dot)
			}
		}
		sum.StoreSlice(sums[half : half+lanes])
		dot.StoreSlice(dots[half : half+lanes])
		below.StoreSlice(slopes[half : half+lanes])
	}
	archsimd.ClearAVXUpperBits()
}

func normGradientPlane(rows, run, stride int, v, x, d, scale, shift []float32, slope float32, mean, of, with, plus []float32, add bool) {
	if !haveAVX2 {
		normGradientPlain(rows, run, stride, v, x, d, scale, shift, slope, mean, of, with, plus, add)
		return
	}
	zero, gentle := spreadOver(0), spreadOver(slope)
	for r := range rows {
		vs, xs, ds := v[r*stride:][:run], x[r*stride:][:run], d[r*stride:][:run]
		for half := 0; half < block; half += lanes {
			a, b, m := load(scale[half:]), load(shift[half:]), load(mean[half:])
			f, w, p := load(of[half:]), load(with[half:]), load(plus[half:])
			for i := half; i <= len(vs)-lanes && i <= len(xs)-lanes && i <= len(ds)-lanes; i += block {
				u, value := load(vs[i:]), load(xs[i:])
				u = u.Merge(u.Mul(gentle), value.MulAdd(a, b).Greater(zero))
				g := f.MulAdd(u, w.MulAdd(value.Sub(m), p))
				if add {
					g = g.Add(load(ds[i:]))
				}
				g.StoreSlice(ds[i : i+lanes])
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

// tanhPlane computes tanh t = (1 - e) / (1 + e) with e = exp(-2 |t|), and the sign of t. Near zero,
// where 1 - e would lose digits, it is t - t^3/3 + 2 t^5/15 - 17 t^7/315. The relative error is at
// most 4e-7. exp is that of expSum.
func tanhPlane(rows, run, stride int, x, y []float32, factor float32) {
	if !haveAVX2 {
		tanhPlain(rows, run, stride, x, y, factor)
		return
	}
	f, one, zero := spreadOver(factor), spreadOver(1), spreadOver(0)
	minusTwo, low, near := spreadOver(-2), spreadOver(-87), spreadOver(0.2)
	log2e, ln2hi, ln2lo := spreadOver(1.44269504), spreadOver(-0.693359375), spreadOver(2.12194440e-4)
	sign, bias := archsimd.BroadcastInt32x8(math.MinInt32), archsimd.BroadcastInt32x8(127)
	for r := range rows {
		from, to := x[r*stride:][:run], y[r*stride:][:run]
		for i := 0; i <= len(from)-lanes && i <= len(to)-lanes; i += lanes {
			t := load(from[i:]).Mul(f)
			size := zero.Sub(t).Max(t) // NaN stays NaN: Max returns its argument then
			v := low.Max(size.Mul(minusTwo))
			k := v.Mul(log2e).RoundToEven()
			w := k.MulAdd(ln2lo, k.MulAdd(ln2hi, v))
			p := spreadOver(1.0/720).MulAdd(w, spreadOver(1.0/120)).MulAdd(w, spreadOver(1.0/24))
			p = p.MulAdd(w, spreadOver(1.0/6)).MulAdd(w, spreadOver(0.5)).MulAdd(w, one).MulAdd(w, one)
			e := p.Mul(k.ConvertToInt32().Add(bias).ShiftAllLeft(23).AsFloat32x8())
			far := one.Sub(e).Div(one.Add(e))
			far = t.AsInt32x8().And(sign).Or(far.AsInt32x8()).AsFloat32x8()
			square := t.Mul(t)
			close := spreadOver(-17.0/315).MulAdd(square, spreadOver(2.0/15)).MulAdd(square, spreadOver(-1.0/3)).MulAdd(square, one).Mul(t)
			close.Merge(far, size.Less(near)).StoreSlice(to[i : i+lanes])
		}
	}
	archsimd.ClearAVXUpperBits()
}

func poolRow(width, n, stride int, x, y []float32) {
	if !haveAVX2 {
		poolPlain(width, n, stride, x, y)
		return
	}
	for i := 0; i <= len(y)-lanes; i += lanes {
		at := i/block*n*block + i%block
		largest := load(x[at:])
		for row := range n {
			for column := range n {
				v := load(x[at+row*stride+column*block:])
				// A NaN counts as larger.
				largest = v.Merge(largest, v.Greater(largest).Or(v.IsNaN()))
			}
		}
		largest.StoreSlice(y[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
}

func poolGradientRow(width, n, stride int, v, x, y, d []float32, add bool) {
	if !haveAVX2 {
		poolGradientPlain(width, n, stride, v, x, y, d, add)
		return
	}
	zero := spreadOver(0)
	for i := 0; i <= len(y)-lanes; i += lanes {
		at := i/block*n*block + i%block
		left, largest := load(v[i:]), load(y[i:]) // left becomes 0 where the gradient has gone
		for row := range n {
			for column := range n {
				j := at + row*stride + column*block
				here := load(x[j:]).Equal(largest)
				g := left.Merge(zero, here)
				left = zero.Merge(left, here)
				if add {
					g = g.Add(load(d[j:]))
				}
				g.StoreSlice(d[j : j+lanes])
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

func addFloor(x, y, sum []float32, floor float32) {
	if !haveAVX2 {
		addFloorPlain(x, y, sum, floor)
		return
	}
	n := len(sum) &^ (lanes - 1)
	low := spreadOver(floor)
	for i := 0; i < n; i += lanes {
		low.Max(load(x[i:]).Add(load(y[i:]))).StoreSlice(sum[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	addFloorPlain(x[n:], y[n:], sum[n:], floor)
}

func positive(v, y, d []float32, add bool) {
	if !haveAVX2 {
		positivePlain(v, y, d, add)
		return
	}
	n := len(d) &^ (lanes - 1)
	zero := spreadOver(0)
	for i := 0; i < n; i += lanes {
		g := load(v[i:]).Merge(zero, load(y[i:]).Greater(zero))
		if add {
			g = g.Add(load(d[i:]))
		}
		g.StoreSlice(d[i : i+lanes])
	}
	archsimd.ClearAVXUpperBits()
	positivePlain(v[n:], y[n:], d[n:], add)
}
