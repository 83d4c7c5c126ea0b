package l2l

import (
	"fmt"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/random"
)

func randomTensor(r *rand.Rand, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	x := make([]float32, n)
	random.Normal(r, x, 1)
	return tensors.FromFlatDataAndDimensions(x, dims...)
}

// TestBothConvolutionsAgree holds the product of shifted images against the
// backend's convolution: values, and gradients in image and kernel.
func TestBothConvolutionsAgree(t *testing.T) {
	type shape struct{ h, w, in, out, kernel, stride, pad int }
	for _, s := range []shape{
		{6, 5, 3, 4, 3, 1, 1}, {6, 6, 3, 4, 3, 2, 1}, {7, 7, 2, 3, 3, 2, 1}, {6, 6, 2, 3, 3, 1, 0}, {6, 6, 3, 2, 1, 1, 0}, {6, 6, 3, 2, 1, 2, 0},
	} {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			b, r := openBackend(t), random.New(1, "test")
			x, kernel := randomTensor(r, 2, s.h, s.w, s.in), randomTensor(r, s.out, s.in, s.kernel, s.kernel)
			var results [2][][]float32
			for i, f := range []func(x, kernel *Node, stride, pad int) *Node{convolveByProduct, convolveNatively} {
				results[i] = evaluate(t, b, func(in []*Node) []*Node {
					y := f(in[0], in[1], s.stride, s.pad)
					return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, Sin(y))), in[0], in[1])...)
				}, x, kernel)
			}
			for i, name := range []string{"values", "gradient in the image", "gradient in the kernel"} {
				near(t, name, results[0][i], results[1][i], 1e-5)
			}
		})
	}
}

// TestGoBackendConvolvesByProduct is about time alone: both ways agree.
func TestGoBackendConvolvesByProduct(t *testing.T) {
	evaluate(t, openBackend(t), func(in []*Node) []*Node {
		y := convolve(in[0], in[1], 1, 1)
		for _, n := range y.Graph().Nodes() {
			if n.Type() == NodeTypeConvGeneral {
				t.Error("the Go backend's own convolution is used, which is 20 to 50 times slower")
			}
		}
		return []*Node{y}
	}, randomTensor(random.New(1, "test"), 1, 4, 4, 2), randomTensor(random.New(1, "test"), 3, 2, 3, 3))
}

// TestFirstOfEqualsGetsThePoolsGradient is about images with saturated areas.
func TestFirstOfEqualsGetsThePoolsGradient(t *testing.T) {
	x := tensors.FromFlatDataAndDimensions([]float32{1, 1, 0, 2, 1, 1, 2, 2}, 1, 2, 4, 1)
	out := evaluate(t, openBackend(t), func(in []*Node) []*Node {
		y := maxPool(in[0], 2)
		return append([]*Node{y}, Gradient(ReduceAllSum(y), in[0])...)
	}, x)
	near(t, "maxima", out[0], []float32{1, 2}, 0)
	near(t, "gradient", out[1], []float32{1, 0, 0, 1, 0, 0, 0, 0}, 0)
}

func TestAllZeroGradientStaysZero(t *testing.T) {
	b := &builder{}
	n := &Network{head: b.denseFrom("fc", 3, 10, constant(0), constant(0)), body: func(_ *pass, x *Node) *Node { return spaceMean(x) }}
	n.Params = b.params
	backend := openBackend(t)
	w, err := NewWeights(backend, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	x, labels := randomTensor(random.New(1, "test"), 2, 3, 4, 4), tensors.FromFlatDataAndDimensions([]int32{1, 2}, 2)
	out := evaluate(t, backend, func(in []*Node) []*Node {
		g := &round{classifier: n.Bind(in[2:]), labels: in[1], epsilon: 1}
		return []*Node{Slice(g.withGradient(in[0]), AxisRange(), AxisRange(3))}
	}, append([]any{x, labels}, w.inputs()...)...)
	near(t, "gradient", out[0], make([]float32, 2*3*4*4), 0)
}

// BenchmarkConv is a convolution forward and backward at the sizes of ResNet-9 with
// width 16 and batch 32; MFLOP/s counts both.
func BenchmarkConv(b *testing.B) {
	for _, s := range []struct{ size, in, out int }{{32, 3, 16}, {32, 16, 32}, {16, 32, 32}, {16, 32, 64}, {8, 64, 128}, {4, 128, 128}} {
		for name, f := range map[string]func(x, kernel *Node, stride, pad int) *Node{"product": convolveByProduct, "native": convolveNatively} {
			b.Run(fmt.Sprintf("%s/%dx%d/%d-%d", name, s.size, s.size, s.in, s.out), func(b *testing.B) {
				benchConv(b, s.size, s.in, s.out, f)
			})
		}
	}
}

func benchConv(b *testing.B, size, in, out int, f func(x, kernel *Node, stride, pad int) *Node) {
	const batch = 32
	r := random.New(1, "bench")
	x, kernel := randomTensor(r, batch, size, size, in), randomTensor(r, out, in, 3, 3)
	exec, err := NewExec(openBackend(b), func(in []*Node) []*Node {
		return Gradient(ReduceAllSum(Square(f(in[0], in[1], 1, 1))), in[0], in[1])
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		grads, err := backend.Run(exec, x, kernel)
		if err != nil {
			b.Fatal(err)
		}
		if err := backend.Release(grads...); err != nil {
			b.Fatal(err)
		}
	}
	flops := 3 * 2 * float64(batch*size*size*in*out*9) // forward, image, kernel
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e6, "MFLOP/s")
}
