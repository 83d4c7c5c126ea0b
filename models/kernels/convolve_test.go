package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"foil/internal/numeric"
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

// atEachLevel calls f with every vector code that this processor has.
func atEachLevel(t *testing.T, f func(t *testing.T)) {
	had := level
	t.Cleanup(func() { level = had })
	for _, l := range []numeric.SIMD{numeric.NoSIMD, numeric.AVX2, numeric.AVX512} {
		t.Run(fmt.Sprintf("level %q", l), func(t *testing.T) {
			if l == numeric.AVX512 && had != l || l == numeric.AVX2 && !hasAVX2() {
				t.Skip("this processor or build does not have it")
			}
			level = l
			f(t)
		})
	}
}

func hasAVX2() bool { return best() != numeric.NoSIMD }

var normals = rand.New(rand.NewPCG(3, 4))

func normal(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(normals.NormFloat64())
	}
	return x
}

// A convCase is a convolution of n images [c, h, w] to o channels.
type convCase struct{ n, c, h, w, o, k, stride, pad int }

var convCases = []convCase{
	{2, 3, 32, 32, 16, 3, 1, 1}, {9, 16, 32, 32, 16, 3, 1, 1}, {2, 16, 8, 8, 32, 3, 1, 1}, {1, 32, 5, 7, 64, 3, 1, 1}, {3, 20, 6, 6, 10, 3, 1, 1},
	{2, 6, 8, 8, 32, 3, 2, 1}, {2, 32, 8, 8, 48, 3, 2, 1}, {2, 32, 8, 8, 64, 1, 2, 0}, {2, 64, 4, 4, 128, 3, 1, 1}, {1, 16, 9, 9, 3, 3, 1, 0},
	{2, 33, 7, 9, 17, 3, 2, 1}, {2, 160, 3, 3, 192, 3, 1, 1}, {2, 16, 8, 6, 32, 4, 2, 1}, {3, 40, 1, 1, 10, 1, 1, 0}, {1, 2, 9, 9, 5, 5, 1, 2},
}

// size is that of the result.
func (d convCase) size() (h, w int) {
	return (d.h+2*d.pad-d.k)/d.stride + 1, (d.w+2*d.pad-d.k)/d.stride + 1
}

// layouts are those of the images and of the result.
func (d convCase) layouts() (in, out Layout) {
	h, w := d.size()
	return Layout{Channels: d.c, Height: d.h, Width: d.w, Border: 2, Packed: d.c < 16},
		Layout{Channels: d.o, Height: h, Width: w, Border: 2}
}

// laid are images in a layout.
func laid(l Layout, images []float32) []float32 {
	n := l.Channels * l.Height * l.Width
	x := make([]float32, len(images)/n*l.Size())
	l.Load(images, x)
	return x
}

// unlaid is the reverse.
func unlaid(l Layout, x []float32) []float32 {
	images := make([]float32, len(x)/l.Size()*l.Channels*l.Height*l.Width)
	l.Store(x, images)
	return images
}

func TestConvolutionsAreThoseOfTheDefinition(t *testing.T) {
	for _, d := range convCases {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			x, weights := normal(d.n*d.c*d.h*d.w), normal(d.o*d.c*d.k*d.k)
			in, out := d.layouts()
			want, h, w := naive(d.n, d.c, d.h, d.w, d.o, d.k, d.stride, d.pad, x, weights)
			bias, scale := make([]float32, out.Channels16()), normal(d.o)
			copy(bias, normal(d.o))
			v := normal(len(want))
			wantGradient, wantImages := gradients(d, x, weights, v)
			var bits [][]float32
			atEachLevel(t, func(t *testing.T) {
				conv, back := NewConvolution(in, out, d.k, d.stride, d.pad), NewTransposed(out, in.unpacked(), d.k, d.stride, d.pad)
				laidX, y := laid(in, x), make([]float32, d.n*out.Size())
				packed := normal(conv.Weights()) // Pack leaves nothing of it
				each := func(f func(x, y []float32)) []float32 {
					f(laidX, y)
					return unlaid(out, y)
				}
				conv.Pack(weights, nil, packed)
				got := each(func(x, y []float32) { conv.Images(x, packed, nil, none, y) })
				close(t, "result", got, want, 1e-5)
				twice := each(func(x, y []float32) { conv.ImagesAdd(x, packed, y) })
				close(t, "added", twice, apply(want, func(i int, v float64) float64 { return 2 * v }), 1e-5)
				conv.Pack(weights, scale, packed)
				shifted := each(func(x, y []float32) { conv.Images(x, packed, bias, 0, y) })
				close(t, "scaled, shifted, with ReLU", shifted, apply(want, func(i int, v float64) float64 {
					o := i / (h * w) % d.o
					return max(0, v*float64(scale[o])+float64(bias[o]))
				}), 1e-5)

				laidV := laid(out, v)
				gradient := make([]float32, len(weights))
				conv.WeightGradient(d.n, laidX, laidV, gradient, 2)
				again := slices.Clone(gradient)
				conv.WeightGradient(d.n, laidX, laidV, again, 1)
				for i := range again {
					if again[i] != 2*gradient[i] {
						t.Fatalf("the gradient of two calls has %v, that of one %v", again[i], gradient[i])
					}
				}
				close(t, "gradient of the weights", gradient, wantGradient, 1e-5)

				turned := normal(back.Weights())
				back.Pack(weights, nil, turned)
				to := in.unpacked()
				dx := make([]float32, d.n*to.Size())
				back.Images(laidV, turned, dx)
				images := unlaid(to, dx)
				close(t, "gradient of the images", images, wantImages, 1e-5)
				back.ImagesAdd(laidV, turned, dx)
				close(t, "added gradient", unlaid(to, dx), apply(wantImages, func(_ int, v float64) float64 { return 2 * v }), 1e-5)
				if level == numeric.NoSIMD {
					return
				}
				if bits == nil {
					bits = [][]float32{got, shifted, gradient, images}
				}
				for i, b := range [][]float32{got, shifted, gradient, images} {
					if !slices.Equal(b, bits[i]) {
						t.Errorf("output %d has other bits than with AVX2", i)
					}
				}
			})
		})
	}
}

// unpacked is the layout of gradients of packed images.
func (l Layout) unpacked() Layout {
	l.Packed = false
	return l
}

func apply(x []float64, f func(i int, v float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(i, v)
	}
	return out
}

// gradients are those of the weights and of the images by their definition, for v, the gradient of
// the result.
func gradients(d convCase, x, weights, v []float32) (ofWeights, ofImages []float64) {
	oh, ow := d.size()
	ofWeights, ofImages = make([]float64, len(weights)), make([]float64, len(x))
	for b := range d.n {
		for f := range d.o {
			for p := range oh * ow {
				for i := range d.c {
					for tap := range d.k * d.k {
						yy, xx := p/ow*d.stride+tap/d.k-d.pad, p%ow*d.stride+tap%d.k-d.pad
						if yy >= 0 && yy < d.h && xx >= 0 && xx < d.w {
							at, w, u := ((b*d.c+i)*d.h+yy)*d.w+xx, (f*d.c+i)*d.k*d.k+tap, float64(v[(b*d.o+f)*oh*ow+p])
							ofWeights[w] += float64(x[at]) * u
							ofImages[at] += float64(weights[w]) * u
						}
					}
				}
			}
		}
	}
	return ofWeights, ofImages
}

// TestNaNStaysNaN is about ReLU: a comparison with NaN is false.
func TestNaNStaysNaN(t *testing.T) {
	atEachLevel(t, func(t *testing.T) {
		l := Layout{Channels: 16, Height: 2, Width: 9}
		conv := NewConvolution(l, l, 1, 1, 0)
		x, y, packed, weights := make([]float32, l.Size()), make([]float32, l.Size()), make([]float32, conv.Weights()), make([]float32, 16*16)
		x[5] = float32(math.NaN())
		conv.Pack(weights, nil, packed)
		conv.Images(x, packed, nil, 0, y)
		if y[0] == y[0] || y[16] != 0 {
			t.Errorf("the first pixel is %v, the second %v", y[0], y[16])
		}
	})
}

func BenchmarkConvolution(b *testing.B) {
	for _, d := range []struct{ c, size, o int }{{3, 32, 16}, {16, 32, 32}, {32, 16, 32}, {32, 16, 64}, {64, 8, 128}, {128, 4, 128}, {160, 32, 160}, {320, 16, 320}, {640, 8, 640}} {
		in := Layout{Channels: d.c, Height: d.size, Width: d.size, Border: 1, Packed: d.c < 16}
		out := Layout{Channels: d.o, Height: d.size, Width: d.size, Border: 1}
		conv := NewConvolution(in, out, 3, 1, 1)
		images := min(32, 1<<19/(d.c*d.size*d.size))
		x, y := make([]float32, images*in.Size()), make([]float32, images*out.Size())
		packed, grad := make([]float32, conv.Weights()), make([]float32, d.o*d.c*9)
		flops := 2 * float64(images*d.size*d.size*d.c*d.o*9)
		b.Run(fmt.Sprintf("%d-%d-%d/forward", d.size, d.c, d.o), func(b *testing.B) {
			for b.Loop() {
				conv.Images(x, packed, nil, none, y)
			}
			reportRate(b, flops)
		})
		back := NewTransposed(out, in.unpacked(), 3, 1, 1)
		turned, dx := make([]float32, back.Weights()), make([]float32, images*in.unpacked().Size())
		b.Run(fmt.Sprintf("%d-%d-%d/images", d.size, d.c, d.o), func(b *testing.B) {
			for b.Loop() {
				back.Images(y, turned, dx)
			}
			reportRate(b, flops)
		})
		weights := make([]float32, d.o*d.c*9)
		b.Run(fmt.Sprintf("%d-%d-%d/pack", d.size, d.c, d.o), func(b *testing.B) {
			for b.Loop() {
				conv.Pack(weights, nil, packed)
				back.Pack(weights, nil, turned)
			}
		})
		b.Run(fmt.Sprintf("%d-%d-%d/weights", d.size, d.c, d.o), func(b *testing.B) {
			for b.Loop() {
				conv.WeightGradient(images, x, y, grad, 1)
			}
			reportRate(b, flops)
		})
	}
}
