package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// naive is the convolution by its definition, in float64.
func naive(n, c, h, w, o, k, stride, pad int, x, weights []float32) (y []float64, oh, ow int) {
	oh, ow = (h+2*pad-k)/stride+1, (w+2*pad-k)/stride+1
	y = make([]float64, n*o*oh*ow)
	for b := range n {
		for f := range o {
			for r := range oh {
				for s := range ow {
					var sum float64
					for i := range c {
						for ky := range k {
							for kx := range k {
								yy, xx := r*stride+ky-pad, s*stride+kx-pad
								if yy >= 0 && yy < h && xx >= 0 && xx < w {
									sum += float64(x[((b*c+i)*h+yy)*w+xx]) * float64(weights[((f*c+i)*k+ky)*k+kx])
								}
							}
						}
					}
					y[((b*o+f)*oh+r)*ow+s] = sum
				}
			}
		}
	}
	return y, oh, ow
}

func close(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range want {
		if math.Abs(float64(got[i])-v) > tolerance*largest {
			t.Errorf("%s: value %d is %v, not %v", what, i, got[i], v)
			return
		}
	}
}

func TestConvolutionsAreThoseOfTheDefinition(t *testing.T) {
	if !haveProducts {
		t.Skip("this processor or build has no AVX-512")
	}
	r := rand.New(rand.NewPCG(3, 4))
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	for _, d := range []struct{ n, c, h, w, o, k, stride, pad int }{
		{2, 3, 32, 32, 16, 3, 1, 1}, {9, 16, 32, 32, 16, 3, 1, 1}, {2, 16, 8, 8, 32, 3, 1, 1}, {1, 32, 5, 7, 64, 3, 1, 1}, {3, 20, 6, 6, 10, 3, 1, 1},
		{2, 6, 8, 8, 32, 3, 2, 1}, {2, 32, 8, 8, 48, 3, 2, 1}, {2, 32, 8, 8, 64, 1, 2, 0}, {2, 64, 4, 4, 128, 3, 1, 1}, {1, 16, 9, 9, 3, 3, 1, 0},
	} {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			x, weights := normal(d.n*d.c*d.h*d.w), normal(d.o*d.c*d.k*d.k)
			want, oh, ow := naive(d.n, d.c, d.h, d.w, d.o, d.k, d.stride, d.pad, x, weights)
			in := Layout{Channels: d.c, Height: d.h, Width: d.w, Border: 1, Packed: d.c < 16}
			out := Layout{Channels: d.o, Height: oh, Width: ow, Border: 1}
			conv := NewConvolution(in, out, d.k, d.stride, d.pad)
			laid, y := make([]float32, d.n*in.Size()), make([]float32, d.n*out.Size())
			in.Load(x, laid)
			packed := make([]float32, conv.Weights())
			conv.Pack(weights, nil, packed)
			for i := range d.n {
				conv.Image(laid[i*in.Size():], packed, nil, none, y[i*out.Size():])
			}
			got := make([]float32, len(want))
			out.Store(y, got)
			close(t, "result", got, want, 1e-5)

			v := normal(len(want))
			laidV := make([]float32, len(y))
			out.Load(v, laidV)
			grad := make([]float32, len(weights))
			conv.WeightGradient(d.n, laid, laidV, grad, 2)
			wantGrad := make([]float64, len(weights))
			for b := range d.n {
				for f := range d.o {
					for p := range oh * ow {
						for i := range d.c {
							for tap := range d.k * d.k {
								yy, xx := p/ow*d.stride+tap/d.k-d.pad, p%ow*d.stride+tap%d.k-d.pad
								if yy >= 0 && yy < d.h && xx >= 0 && xx < d.w {
									wantGrad[(f*d.c+i)*d.k*d.k+tap] += float64(x[((b*d.c+i)*d.h+yy)*d.w+xx]) * float64(v[(b*d.o+f)*oh*ow+p])
								}
							}
						}
					}
				}
			}
			close(t, "gradient of the weights", grad, wantGrad, 1e-5)
		})
	}
}

func BenchmarkConvolution(b *testing.B) {
	if !haveProducts {
		b.Skip("this processor or build has no AVX-512")
	}
	for _, d := range []struct{ c, size, o int }{{3, 32, 16}, {16, 32, 32}, {32, 16, 32}, {32, 16, 64}, {64, 8, 128}, {128, 4, 128}} {
		in := Layout{Channels: d.c, Height: d.size, Width: d.size, Border: 1, Packed: d.c < 16}
		out := Layout{Channels: d.o, Height: d.size, Width: d.size, Border: 1}
		conv := NewConvolution(in, out, 3, 1, 1)
		const images = 32
		x, y := make([]float32, images*in.Size()), make([]float32, images*out.Size())
		packed, grad := make([]float32, conv.Weights()), make([]float32, d.o*d.c*9)
		flops := 2 * float64(images*d.size*d.size*d.c*d.o*9)
		b.Run(fmt.Sprintf("%d-%d-%d/forward", d.size, d.c, d.o), func(b *testing.B) {
			for b.Loop() {
				for i := range images {
					conv.Image(x[i*in.Size():], packed, nil, none, y[i*out.Size():])
				}
			}
			reportRate(b, flops)
		})
		b.Run(fmt.Sprintf("%d-%d-%d/weights", d.size, d.c, d.o), func(b *testing.B) {
			for b.Loop() {
				conv.WeightGradient(images, x, y, grad, 1)
			}
			reportRate(b, flops)
		})
	}
}
