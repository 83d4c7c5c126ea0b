package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A convCase is a convolution of n images [c, h, w] to o channels.
type convCase struct{ n, c, h, w, o, k, stride, pad int }

func (d convCase) result() (h, w int) {
	return (d.h+2*d.pad-d.k)/d.stride + 1, (d.w+2*d.pad-d.k)/d.stride + 1
}

// each calls f for every product of the convolution: the places of an image's value, a weight
// [o, c, k, k] and a value of the result.
func (d convCase) each(f func(x, w, y int)) {
	oh, ow := d.result()
	for b := range d.n {
		for o := range d.o {
			for r := range oh {
				for s := range ow {
					for i := range d.c {
						for ky := range d.k {
							for kx := range d.k {
								yy, xx := r*d.stride+ky-d.pad, s*d.stride+kx-d.pad
								if yy >= 0 && yy < d.h && xx >= 0 && xx < d.w {
									f(((b*d.c+i)*d.h+yy)*d.w+xx, ((o*d.c+i)*d.k+ky)*d.k+kx, ((b*d.o+o)*oh+r)*ow+s)
								}
							}
						}
					}
				}
			}
		}
	}
}

// naive is the convolution, the gradient of its images for the gradient v of its result, and that of
// its weights, by their definitions and in float64.
func (d convCase) naive(x, weights, v []float32) (y, gradX, gradW []float64) {
	y, gradX, gradW = make([]float64, len(v)), make([]float64, len(x)), make([]float64, len(weights))
	d.each(func(i, w, o int) {
		y[o] += float64(x[i]) * float64(weights[w])
		gradX[i] += float64(v[o]) * float64(weights[w])
		gradW[w] += float64(x[i]) * float64(v[o])
	})
	return y, gradX, gradW
}

func close(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i])-v) <= tolerance*largest) {
			t.Errorf("%s: value %d is %v, not %v", what, i, got[i], v)
			return
		}
	}
}

// atLeast is what a result becomes with a bias [channels] and a floor.
func atLeast(y []float64, channels, plane int, bias []float32, floor float32) []float64 {
	y = slices.Clone(y)
	for i := range y {
		y[i] = max(y[i]+float64(bias[i/plane%channels]), float64(floor))
	}
	return y
}

func scaled(x []float32, outer int, scale []float32) []float32 {
	x = slices.Clone(x)
	for i := range x {
		x[i] *= scale[i/(len(x)/outer)]
	}
	return x
}

// filled returns n values that nobody may read.
func filled(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	return x
}

// laid returns images as l has them, and what is in the border.
func laid(l Layout, images []float32) []float32 {
	x := make([]float32, len(images)/(l.Channels*l.Height*l.Width)*l.Size())
	l.Load(images, x)
	return x
}

func stored(l Layout, n int, x []float32) []float32 {
	images := make([]float32, n*l.Channels*l.Height*l.Width)
	l.Store(x, images)
	return images
}

// inLanes puts values [channels] into whole blocks.
func inLanes(l Layout, values []float32) []float32 {
	return append(slices.Clone(values), make([]float32, l.blocks()*block-len(values))...)
}

// borderIsZero also checks the lanes of blocks that have no channel.
func borderIsZero(t *testing.T, what string, l Layout, n int, x []float32) {
	t.Helper()
	if again := laid(l, stored(l, n, x)); !slices.Equal(again, x) {
		t.Errorf("%s: wrote to the border, or to lanes without channels", what)
	}
}

// at runs a test for each level that this process can run.
func atLevels(t *testing.T, test func(t *testing.T)) {
	usual := best
	defer func() { best = usual }()
	for l := range usual + 1 {
		best = l
		t.Run([]string{"plain", "avx2", "avx512"}[l], test)
	}
}

var convCases = []convCase{
	{2, 3, 32, 32, 16, 3, 1, 1}, {3, 16, 32, 32, 16, 3, 1, 1}, {2, 16, 8, 8, 32, 3, 1, 1}, {1, 32, 5, 7, 64, 3, 1, 1}, {3, 20, 6, 6, 10, 3, 1, 1},
	{2, 6, 8, 8, 32, 3, 2, 1}, {2, 32, 8, 8, 48, 3, 2, 1}, {2, 32, 8, 8, 64, 1, 2, 0}, {2, 64, 4, 4, 128, 3, 1, 1}, {1, 16, 9, 9, 3, 3, 1, 0},
	{2, 3, 12, 10, 40, 4, 2, 1}, {1, 20, 9, 11, 18, 3, 2, 1}, {1, 20, 9, 11, 18, 1, 2, 0}, {2, 5, 7, 7, 21, 1, 1, 0}, {1, 17, 10, 6, 3, 4, 2, 1},
	{1, 3, 5, 5, 16, 4, 1, 1}, {2, 4, 9, 7, 20, 3, 2, 1}, {1, 1, 8, 8, 5, 3, 3, 1}, {1, 2, 7, 8, 17, 2, 3, 0}, {1, 16, 10, 11, 16, 3, 3, 1}, {1, 2, 1, 1, 3, 1, 2, 0},
}

func TestConvolutionsAreThoseOfTheDefinition(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, d := range convCases {
			t.Run(fmt.Sprint(d), func(t *testing.T) { testConvolution(t, d) })
		}
	})
}

func testConvolution(t *testing.T, d convCase) {
	r := rand.New(rand.NewPCG(3, 4))
	normal := func(n int) []float32 { return randoms(r, n, 1) }
	oh, ow := d.result()
	x, weights, v := normal(d.n*d.c*d.h*d.w), normal(d.o*d.c*d.k*d.k), normal(d.n*d.o*oh*ow)
	scale, bias, biasX := normal(d.o), normal(d.o), normal(d.c)
	want, wantX, wantW := d.naive(x, weights, v)
	folded, foldedX, _ := d.naive(x, scaled(weights, d.o, scale), v)

	// Both may read packed images of few channels, and neither may write them.
	in := Layout{Channels: d.c, Height: d.h, Width: d.w, Border: 1, Packed: d.c < 8}
	result := Layout{Channels: d.o, Height: oh, Width: ow, Border: 1}
	conv := NewConvolution(in, result, d.k, d.stride, d.pad)
	inV := result
	inV.Packed = d.o < 8
	if d.stride == 1 {
		inV.Border = max(1, d.k-1-d.pad)
	}
	outX := in
	outX.Packed = false
	transposed := NewTransposed(inV, outX, d.k, d.stride, d.pad)

	type image func(x, packed, bias []float32, floor float32, y []float32)
	check := func(what string, from Layout, x []float32, to Layout, weights int, pack func(weights, scale, packed []float32), w []float32,
		image image, imageAdd func(x, packed, y []float32), want, folded []float64, bias []float32) {
		xs, y, packed := laid(from, x), make([]float32, d.n*to.Size()), filled(weights)
		all := func(f func(x, y []float32)) []float32 {
			for n := range d.n {
				f(xs[n*from.Size():], y[n*to.Size():])
			}
			borderIsZero(t, what, to, d.n, y)
			return stored(to, d.n, y)
		}
		pack(w, nil, packed)
		close(t, what, all(func(x, y []float32) { image(x, packed, nil, NoFloor, y) }), want, 1e-5)
		twice := make([]float64, len(want))
		for i, v := range want {
			twice[i] = 2 * v
		}
		close(t, what+", added", all(func(x, y []float32) { imageAdd(x, packed, y) }), twice, 1e-5)
		pack(w, scale, packed)
		close(t, what+", scale and bias", all(func(x, y []float32) { image(x, packed, inLanes(to, bias), NoFloor, y) }),
			atLeast(folded, to.Channels, to.Height*to.Width, bias, NoFloor), 1e-5)
		floored := atLeast(folded, to.Channels, to.Height*to.Width, bias, 0.25)
		for n := range y {
			y[n] = float32(math.Inf(-1)) // which nobody reads
		}
		for n := range d.n {
			image(xs[n*from.Size():], packed, inLanes(to, bias), 0.25, y[n*to.Size():])
		}
		close(t, what+", floor", stored(to, d.n, y), floored, 1e-5)
	}
	check("result", in, x, result, conv.Weights(), conv.Pack, weights, conv.Image, conv.ImageAdd, want, folded, bias)
	check("transposed", inV, v, outX, transposed.Weights(), transposed.Pack, weights, transposed.Image, transposed.ImageAdd, wantX, foldedX, biasX)

	grad := make([]float32, len(weights))
	conv.WeightGradient(d.n, laid(in, x), laid(result, v), grad, 1)
	close(t, "gradient of the weights", grad, wantW, 1e-5)
	again := slices.Clone(grad)
	conv.WeightGradient(d.n, laid(in, x), laid(result, v), again, 1)
	for i, v := range grad {
		if again[i] != 2*v {
			t.Fatalf("the gradient is not added: %v, then %v", v, again[i])
		}
	}
	parallel := make([]float32, len(weights))
	conv.WeightGradient(d.n, laid(in, x), laid(result, v), parallel, 3)
	if !slices.Equal(grad, parallel) {
		t.Error("the gradient of the weights depends on the number of threads")
	}
}

// The numeric signature of a result does not tell AVX2 and AVX-512 apart.
func TestConvolutionsHaveTheSameBitsWithAVX2AndAVX512(t *testing.T) {
	if best != avx512 {
		t.Skip("this processor or build has no AVX-512")
	}
	defer func() { best = avx512 }()
	r := rand.New(rand.NewPCG(5, 6))
	for _, d := range convCases {
		oh, ow := d.result()
		x, weights, v := randoms(r, d.n*d.c*d.h*d.w, 1), randoms(r, d.o*d.c*d.k*d.k, 1), randoms(r, d.n*d.o*oh*ow, 1)
		in := Layout{Channels: d.c, Height: d.h, Width: d.w, Border: max(1, d.k-1)}
		out := Layout{Channels: d.o, Height: oh, Width: ow, Border: max(1, d.k-1)}
		xs, vs, bias := laid(in, x), laid(out, v), randoms(r, out.blocks()*block, 1)
		var results [levels][3][]float32
		for _, l := range []level{avx2, avx512} {
			best = l
			conv, transposed := NewConvolution(in, out, d.k, d.stride, d.pad), NewTransposed(out, in, d.k, d.stride, d.pad)
			packed, packedT := make([]float32, conv.Weights()), make([]float32, transposed.Weights())
			conv.Pack(weights, nil, packed)
			transposed.Pack(weights, nil, packedT)
			y, gradX, gradW := make([]float32, out.Size()), make([]float32, in.Size()), make([]float32, len(weights))
			conv.Image(xs, packed, bias, 0, y)
			transposed.Image(vs, packedT, nil, NoFloor, gradX)
			transposed.ImageAdd(vs, packedT, gradX)
			conv.WeightGradient(d.n, xs, vs, gradW, 1)
			results[l] = [3][]float32{y, gradX, gradW}
		}
		for i, what := range []string{"result", "transposed", "gradient of the weights"} {
			if !slices.Equal(results[avx2][i], results[avx512][i]) {
				t.Errorf("%v: the %s differs", d, what)
			}
		}
	}
}

// ConvTranspose2d(2, 1, 4, stride=2, padding=1) of PyTorch, with weights [in, out, 4, 4].
func TestTransposedIsThatOfPyTorch(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		in, out := Layout{Channels: 2, Height: 2, Width: 2, Border: 1}, Layout{Channels: 1, Height: 4, Width: 4}
		c := NewTransposed(in, out, 4, 2, 1)
		weights := make([]float32, 32)
		for i := range weights {
			weights[i] = float32(i)
		}
		packed, y := make([]float32, c.Weights()), make([]float32, out.Size())
		c.Pack(weights, nil, packed)
		c.Image(laid(in, []float32{1, 2, 3, 4, 5, 6, 7, 8}), packed, nil, NoFloor, y)
		// A pixel i of an image adds w[k] to pixel 2i-1+k. So the first row of the result has rows 1 of
		// the kernels with the first row of the images, and nothing else.
		want := []float32{
			1*5 + 5*21, 1*6 + 2*4 + 5*22 + 6*20, 1*7 + 2*5 + 5*23 + 6*21, 2*6 + 6*22,
		}
		if got := stored(out, 1, y)[:4]; !slices.Equal(got, want) {
			t.Errorf("the first row is %v, not %v", got, want)
		}
	})
}

// Networks whose weights have diverged must not look as if they had not.
func TestNaNPassesTheFloor(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		in := Layout{Channels: 16, Height: 1, Width: 3}
		conv := NewConvolution(in, in, 1, 1, 0)
		x, y, packed := make([]float32, in.Size()), make([]float32, in.Size()), make([]float32, conv.Weights())
		conv.Pack(slices.Repeat([]float32{-1}, 256), nil, packed)
		x[0], x[16], x[32] = float32(math.NaN()), 1, -2
		conv.Image(x, packed, nil, 0, y)
		if !math.IsNaN(float64(y[0])) || y[16] != 0 || y[32] != 2 {
			t.Errorf("NaN, -1 and 2 are %v, %v and %v with a floor of 0", y[0], y[16], y[32])
		}
	})
}

func TestConvolutionsRefuseNarrowBorders(t *testing.T) {
	l := Layout{Channels: 16, Height: 8, Width: 8, Border: 1}
	for name, f := range map[string]func(){
		"convolution": func() { NewConvolution(l, l, 5, 1, 2) },
		"transposed":  func() { NewTransposed(l, l, 5, 1, 2) },
	} {
		func() {
			defer func() {
				const want = "kernels: the images of a convolution to 8 x 8 pixels have a border of 1: it must be at least 2"
				if got := recover(); got != want {
					t.Errorf("%s: panic %v, not %s", name, got, want)
				}
			}()
			f()
		}()
	}
}

func BenchmarkConvolution(b *testing.B) {
	for _, d := range []struct{ c, size, o int }{{3, 32, 16}, {16, 32, 16}, {16, 32, 32}, {32, 16, 32}, {32, 16, 64}, {64, 8, 128}, {128, 4, 128}, {512, 4, 512}} {
		in := Layout{Channels: d.c, Height: d.size, Width: d.size, Border: 1, Packed: d.c < 16}
		out := Layout{Channels: d.o, Height: d.size, Width: d.size, Border: 1}
		conv := NewConvolution(in, out, 3, 1, 1)
		const images = 32
		x, y := make([]float32, images*in.Size()), make([]float32, images*out.Size())
		packed, grad := make([]float32, conv.Weights()), make([]float32, d.o*d.c*9)
		flops := 2 * float64(images*d.size*d.size*d.c*d.o*9)
		name := fmt.Sprintf("%d-%d-%d/", d.size, d.c, d.o)
		b.Run(name+"forward", func(b *testing.B) {
			for b.Loop() {
				for n := range images {
					conv.Image(x[n*in.Size():], packed, nil, 0, y[n*out.Size():])
				}
			}
			reportRate(b, flops)
		})
		b.Run(name+"weights", func(b *testing.B) {
			for b.Loop() {
				conv.WeightGradient(images, x, y, grad, 1)
			}
			reportRate(b, flops)
		})
	}
	for _, d := range []struct{ o, size, c, k, stride int }{
		{64, 8, 32, 4, 2}, {32, 16, 16, 4, 2}, {16, 16, 3, 4, 2}, {64, 16, 3, 4, 2}, {64, 8, 32, 3, 2}, {16, 32, 3, 3, 1}, {64, 32, 3, 3, 1}, {64, 8, 64, 3, 1},
	} {
		in := Layout{Channels: d.o, Height: d.size, Width: d.size, Border: 1}
		out := Layout{Channels: d.c, Height: d.stride * d.size, Width: d.stride * d.size, Border: 1}
		transposed := NewTransposed(in, out, d.k, d.stride, 1)
		const images = 32
		v, y, packed := make([]float32, images*in.Size()), make([]float32, images*out.Size()), make([]float32, transposed.Weights())
		b.Run(fmt.Sprintf("%d-%d-%d/transposed%dx%d-%d", d.size, d.o, d.c, d.k, d.k, d.stride), func(b *testing.B) {
			for b.Loop() {
				for n := range images {
					transposed.Image(v[n*in.Size():], packed, nil, 0, y[n*out.Size():])
				}
			}
			reportRate(b, 2*float64(images*d.size*d.size*d.c*d.o*d.k*d.k))
		})
	}
}

func BenchmarkPack(b *testing.B) {
	l := Layout{Channels: 512, Height: 4, Width: 4, Border: 1}
	conv, transposed := NewConvolution(l, l, 3, 1, 1), NewTransposed(l, l, 3, 1, 1)
	weights, packed := make([]float32, 512*512*9), make([]float32, conv.Weights())
	b.Run("convolution", func(b *testing.B) {
		b.SetBytes(int64(4 * len(weights)))
		for b.Loop() {
			conv.Pack(weights, nil, packed)
		}
	})
	b.Run("transposed", func(b *testing.B) {
		b.SetBytes(int64(4 * len(weights)))
		for b.Loop() {
			transposed.Pack(weights, nil, packed)
		}
	})
}
