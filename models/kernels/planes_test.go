package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var normals = rand.New(rand.NewPCG(3, 4))

func normal(n int) []float32 { return randoms(normals, n, 1) }

// unlaid are the images [b, c, h, w] of a layout.
func unlaid(l Layout, x []float32) []float32 {
	images := make([]float32, len(x)/l.Size()*l.Channels*l.Height*l.Width)
	l.Store(x, images)
	return images
}

// TestPlanesAreTheirPlainForm holds the vector form of every loop between convolutions against the
// plain one, for images with a border.
func TestPlanesAreTheirPlainForm(t *testing.T) {
	if !haveAVX2 {
		t.Skip("this processor or build has no AVX2: there is only the plain form")
	}
	l := Layout{Channels: 20, Height: 6, Width: 4, Border: 1}
	to := Layout{Channels: 20, Height: 3, Width: 2, Border: 1}
	n := l.Channels16()
	x, v := laid(l, normal(20*24)), laid(l, normal(20*24))
	for i := range x {
		if i%7 == 0 && x[i] != 0 {
			x[i] = x[len(x)/2] // some equal values for pooling
		}
	}
	small := laid(to, normal(20*6))
	values := make([][]float32, 6)
	for i := range values {
		values[i] = normal(n)
	}
	a := Activation{values[0], values[1], 0.2}
	loops := map[string]func(y []float32){
		"affine":   func(y []float32) { l.Affine(x, y, values[0], values[1], 0) },
		"no floor": func(y []float32) { l.Affine(x, y, values[0], values[1], NoFloor) },
		"slope":    func(y []float32) { l.AffineSlope(x, y, values[0], values[1], 0.2) },
		"sums":     func(y []float32) { l.Sums(x, y) },
		"moments":  func(y []float32) { l.Moments(x, y, y[n:]) },
		"norm sums": func(y []float32) {
			l.NormSums(a, v, x, values[2], y, y[n:], y[2*n:])
		},
		"norm gradient": func(y []float32) { l.NormGradient(a, v, x, y, values[2], values[3], values[4], values[5], false) },
		"added norm gradient": func(y []float32) {
			copy(y, v)
			l.NormGradient(a, v, x, y, values[2], values[3], values[4], values[5], true)
		},
		"pool": func(y []float32) { l.Pool(to, 2, x, y) },
		"pool gradient": func(y []float32) {
			pooled := make([]float32, to.Size())
			l.Pool(to, 2, x, pooled)
			l.PoolGradient(to, 2, small, x, pooled, y, false)
		},
		"added pool gradient": func(y []float32) {
			pooled := make([]float32, to.Size())
			l.Pool(to, 2, x, pooled)
			copy(y, v)
			l.PoolGradient(to, 2, small, x, pooled, y, true)
		},
		"sum":            func(y []float32) { AddFloor(x[3:], v[3:], y[:len(x)-3], 0) },
		"positive":       func(y []float32) { Positive(v[3:], x[3:], y[:len(x)-3], false) },
		"added positive": func(y []float32) { copy(y, x); Positive(v[3:], x[3:], y[:len(x)-3], true) },
	}
	for name, loop := range loops {
		t.Run(name, func(t *testing.T) {
			fast, plain := make([]float32, len(x)), make([]float32, len(x))
			loop(fast)
			haveAVX2 = false
			loop(plain)
			haveAVX2 = true
			want := make([]float64, len(plain))
			written := false
			for i, v := range plain {
				want[i] = float64(v)
				written = written || v != 0
			}
			if !written {
				t.Error("nothing is written")
			}
			close(t, name, fast, want, 1e-6)
		})
	}
}

// TestPlanesLeaveBordersAlone also finds that all pixels are written.
func TestPlanesLeaveBordersAlone(t *testing.T) {
	l := Layout{Channels: 16, Height: 3, Width: 5, Border: 2}
	inside := laid(l, normal(16*15))
	ones, zeros := make([]float32, 16), make([]float32, 16)
	for i := range ones {
		ones[i] = 1
	}
	y := make([]float32, l.Size())
	for i := range y {
		y[i] = 7
	}
	l.Affine(inside, y, ones, zeros, NoFloor)
	for i, v := range y {
		if border := inside[i] == 0; border && v != 7 || !border && v != inside[i] {
			t.Fatalf("value %d is %v, border %v", i, v, border)
		}
	}
}

func TestNaNGoesThroughPoolsAndReLU(t *testing.T) {
	nan := float32(math.NaN())
	l, to := Layout{Channels: 1, Height: 2, Width: 2}, Layout{Channels: 1, Height: 1, Width: 1}
	for place := range 4 {
		images := []float32{1, 2, 3, 4}
		images[place] = nan
		x, y := laid(l, images), make([]float32, to.Size())
		l.Pool(to, 2, x, y)
		if y[0] == y[0] {
			t.Errorf("NaN at %d: the largest value is %v", place, y[0])
		}
		sum := make([]float32, len(x))
		AddFloor(x, x, sum, 0)
		if v := sum[16*place]; v == v {
			t.Errorf("NaN at %d: ReLU gives %v", place, v)
		}
	}
}

func TestJoinedChannelsAreTakenApartAgain(t *testing.T) {
	for _, first := range []int{16, 5, 20} {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			a := Layout{Channels: first, Height: 3, Width: 4, Border: 1}
			b, both := a, a
			b.Channels, both.Channels = 6, first+6
			x, y := normal(first*12), normal(6*12)
			z := make([]float32, both.Size())
			both.Put(0, z, a, laid(a, x))
			both.Put(first, z, b, laid(b, y))
			want := append(append([]float32(nil), x...), y...)
			for i, v := range unlaid(both, z) {
				if v != want[i] {
					t.Fatalf("value %d is %v, not %v", i, v, want[i])
				}
			}
			d := laid(b, y)
			both.Take(first, z, b, d, true)
			for i, v := range unlaid(b, d) {
				if v != 2*y[i] {
					t.Fatalf("value %d of the second part is %v, not %v", i, v, 2*y[i])
				}
			}
		})
	}
}

// TestTanhIsExact compares the vector form with the function in float64, over all sizes and both signs.
func TestTanhIsExact(t *testing.T) {
	l := Layout{Channels: 16, Height: 1, Width: 4096}
	x, y := make([]float32, l.Size()), make([]float32, l.Size())
	for i := range x {
		x[i] = float32(math.Copysign(math.Exp2(float64(i%1024)/1024*60-40), float64(i%2)-0.5))
	}
	x[0], x[1], x[2] = float32(math.Inf(1)), float32(math.Inf(-1)), 0
	l.Tanh(x, y, 3)
	for i, v := range x {
		want := math.Tanh(float64(3 * v))
		if math.Abs(float64(y[i])-want) > 4e-7*math.Abs(want) {
			t.Fatalf("tanh(3 * %v) is %v, not %v", v, y[i], want)
		}
	}
	x[5] = float32(math.NaN())
	if l.Tanh(x, y, 3); y[5] == y[5] || y[6] != y[6] {
		t.Errorf("tanh of NaN is %v, beside it %v", y[5], y[6])
	}
}

func TestTanhHasItsGradient(t *testing.T) {
	l := Layout{Channels: 3, Height: 2, Width: 2, Border: 1}
	x := laid(l, normal(12))
	y, d := make([]float32, len(x)), make([]float32, len(x))
	const factor, h = 1.7, 1e-3
	l.Tanh(x, y, factor)
	v := laid(l, normal(12))
	inFactor := l.TanhGradient(v, x, y, d, factor, false)
	loss := func(x []float32, factor float32) (sum float64) {
		z := make([]float32, len(x))
		l.Tanh(x, z, factor)
		for i := range z {
			sum += float64(z[i]) * float64(v[i])
		}
		return sum
	}
	if want := (loss(x, factor+h) - loss(x, factor-h)) / (2 * h); math.Abs(inFactor-want) > 1e-2*math.Abs(want)+1e-3 {
		t.Errorf("the gradient in the factor is %v, not %v", inFactor, want)
	}
	for i := range x {
		if x[i] == 0 {
			continue
		}
		up, down := append([]float32(nil), x...), append([]float32(nil), x...)
		up[i] += h
		down[i] -= h
		if want := (loss(up, factor) - loss(down, factor)) / (2 * h); math.Abs(float64(d[i])-want) > 1e-2 {
			t.Errorf("the gradient in value %d is %v, not %v", i, d[i], want)
		}
	}
}

// BenchmarkPlanes are the loops between convolutions on images of 16 channels of 32 x 32, which fit the
// second-level cache. %copy is the share of the speed at which values are copied there.
func BenchmarkPlanes(b *testing.B) {
	l := Layout{Channels: 16, Height: 32, Width: 32, Border: 1}
	half := Layout{Channels: 16, Height: 16, Width: 16, Border: 1}
	x, v, y, d := laid(l, normal(16*1024)), laid(l, normal(16*1024)), make([]float32, l.Size()), make([]float32, l.Size())
	small, smaller := make([]float32, half.Size()), make([]float32, half.Size())
	c := make([][]float32, 8)
	for i := range c {
		c[i] = normal(16)
	}
	a := Activation{Scale: c[0], Shift: c[1]}
	const pixels = 4 * 16 * 1024 // bytes
	for _, loop := range []struct {
		name  string
		bytes int // that are read and written
		run   func()
	}{
		{"norm", 2 * pixels, func() { l.Affine(x, y, c[0], c[1], 0) }},
		{"moments", 2 * pixels, func() { l.Moments(x, c[2], c[3]) }},
		{"norm-sums", 2 * pixels, func() { l.NormSums(a, v, x, c[2], c[3], c[4], c[5]) }},
		{"norm-gradient", 3 * pixels, func() { l.NormGradient(a, v, x, d, c[2], c[3], c[4], c[5], false) }},
		{"pool", pixels + pixels/4, func() { l.Pool(half, 2, x, small) }},
		{"pool-gradient", 2*pixels + pixels/2, func() { l.PoolGradient(half, 2, smaller, x, small, d, false) }},
		{"sum", 3 * pixels, func() { AddFloor(x, v, y, 0) }},
	} {
		b.Run(loop.name, func(b *testing.B) {
			for b.Loop() {
				loop.run()
			}
			rate := float64(loop.bytes) * float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate/1e9, "GB/s")
			b.ReportMetric(100*rate/copyRate(x, y), "%copy")
		})
	}
}

// copyRate is the number of bytes that are read and written a second when x is copied to y.
func copyRate(x, y []float32) float64 {
	const rounds = 2000
	start := time.Now()
	for range rounds {
		copy(y, x)
	}
	return 2 * 4 * float64(len(x)) * rounds / time.Since(start).Seconds()
}
