package l2l

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
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

// TestFormsAgree holds each layer in every form against the compilers': values, and
// gradients in images and parameters. The Go backend computes all forms; the form of
// the backend that is tested is computed there, too.
func TestFormsAgree(t *testing.T) {
	tested := openBackend(t)
	plain, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range formLayers() {
		t.Run(name, func(t *testing.T) {
			want := l.derived(t, plain, channelsLast{})
			for _, f := range []form{batchLast{}, channelsFirst{}, nil} {
				b := plain
				if f == nil {
					b = tested
				}
				for i, got := range l.derived(t, b, f) {
					near(t, fmt.Sprintf("%T on %s: %s", f, b.Name(), derivedName(i)), got, want[i], 1e-5)
				}
			}
		})
	}
}

// derived computes a layer in the given form, nil for the backend's own, and the
// gradients of its inputs.
func (l formLayer) derived(t *testing.T, b compute.Backend, f form) [][]float32 {
	t.Helper()
	r := random.New(1, "test")
	var in []any
	for _, d := range l.shapes {
		in = append(in, randomTensor(r, d...))
	}
	return evaluate(t, b, func(in []*Node) []*Node {
		f := f
		if f == nil {
			f = formFor(in[0])
		}
		y := l.apply(f, append([]*Node{f.enter(in[0])}, in[1:]...))
		if y.Rank() == 4 {
			y = f.leave(y)
		}
		return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, Sin(y))), in...)...)
	}, in...)
}

func derivedName(i int) string {
	if i == 0 {
		return "values"
	}
	return fmt.Sprintf("gradient in input %d", i-1)
}

type formLayer struct {
	shapes [][]int // of images [b, c, h, w] and parameters
	apply  func(f form, in []*Node) *Node
}

func formLayers() map[string]formLayer {
	images := []int{4, 3, 6, 8}
	layers := map[string]formLayer{
		"deconv":     {[][]int{images, {3, 2, 4, 4}}, func(f form, in []*Node) *Node { return f.deconvolve(in[0], in[1]) }},
		"affine":     {[][]int{images, {3}, {3}}, func(f form, in []*Node) *Node { return f.affine(in[0], in[1], in[2]) }},
		"bias":       {[][]int{images, {3}}, func(f form, in []*Node) *Node { return f.affine(in[0], nil, in[1]) }},
		"norm":       {[][]int{images, {3}, {3}}, func(f form, in []*Node) *Node { return values(f.normalise(in[0], in[1], in[2], 0.1)) }},
		"plain norm": {[][]int{images}, func(f form, in []*Node) *Node { return values(f.normalise(in[0], nil, nil, 0.1)) }},
		"relu":       {[][]int{images}, func(f form, in []*Node) *Node { return f.relu(in[0]) }},
		"prelu":      {[][]int{images, {}}, func(f form, in []*Node) *Node { return f.prelu(in[0], in[1]) }},
		"pool":       {[][]int{images}, func(f form, in []*Node) *Node { return f.maxPool(in[0], 2) }},
		"space mean": {[][]int{images}, func(f form, in []*Node) *Node { return f.spaceMean(in[0]) }},
		"flatten":    {[][]int{images}, func(f form, in []*Node) *Node { return f.flatten(in[0]) }},
		"join":       {[][]int{images}, func(f form, in []*Node) *Node { return f.join(in[0], f.relu(in[0])) }},
	}
	for _, s := range []struct{ b, h, w, in, out, kernel, stride, pad int }{
		{2, 6, 5, 3, 4, 3, 1, 1}, {1, 6, 5, 3, 4, 3, 1, 1}, {2, 4, 4, 2, 50, 3, 1, 1}, {2, 7, 5, 2, 3, 5, 1, 2},
		{2, 6, 6, 3, 4, 3, 2, 1}, {2, 7, 6, 2, 3, 3, 2, 1}, {2, 6, 6, 2, 3, 3, 1, 0}, {2, 6, 6, 3, 2, 1, 1, 0}, {2, 6, 5, 3, 2, 1, 2, 0},
	} {
		layers[fmt.Sprintf("conv %+v", s)] = formLayer{
			[][]int{{s.b, s.in, s.h, s.w}, {s.out, s.in, s.kernel, s.kernel}},
			func(f form, in []*Node) *Node { return f.convolve(in[0], in[1], s.stride, s.pad) },
		}
	}
	return layers
}

func values(y, _, _ *Node) *Node { return y }

// TestGoBackendConvolvesByProduct is about time alone: all forms agree.
func TestGoBackendConvolvesByProduct(t *testing.T) {
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	evaluate(t, b, func(in []*Node) []*Node {
		y := formFor(in[0]).convolve(in[0], in[1], 1, 1)
		for _, n := range y.Graph().Nodes() {
			if n.Type() == NodeTypeConvGeneral {
				t.Error("the Go backend's own convolution is used, which is 20 to 50 times slower")
			}
		}
		return []*Node{y}
	}, randomTensor(random.New(1, "test"), 2, 4, 4, 1), randomTensor(random.New(1, "test"), 3, 2, 3, 3))
}

// TestFirstOfEqualsGetsThePoolsGradient is about images with saturated areas. In the
// last square the second and the third value are the largest.
func TestFirstOfEqualsGetsThePoolsGradient(t *testing.T) {
	tested := openBackend(t)
	plain, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	check := func(b compute.Backend, f form) {
		x := tensors.FromFlatDataAndDimensions([]float32{1, 1, 0, 2, 0, 3, 1, 1, 2, 2, 3, 1}, 1, 1, 2, 6)
		out := evaluate(t, b, func(in []*Node) []*Node {
			f := f
			if f == nil {
				f = formFor(in[0])
			}
			y := f.leave(f.maxPool(f.enter(in[0]), 2))
			return append([]*Node{y}, Gradient(ReduceAllSum(y), in[0])...)
		}, x)
		near(t, fmt.Sprintf("%T on %s: maxima", f, b.Name()), out[0], []float32{1, 2, 3}, 0)
		near(t, fmt.Sprintf("%T on %s: gradient", f, b.Name()), out[1], []float32{1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 0)
	}
	for _, f := range []form{batchLast{}, channelsLast{}, channelsFirst{}} {
		check(plain, f)
	}
	check(tested, nil)
}

func TestAllZeroGradientStaysZero(t *testing.T) {
	b := &builder{}
	n := &Network{head: b.denseFrom("fc", 3, 10, constant(0), constant(0)), body: func(p *pass, x *Node) *Node { return p.spaceMean(x) }}
	n.Params = b.params
	backend := openBackend(t)
	w, err := NewWeights(backend, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	x, labels := randomTensor(random.New(1, "test"), 2, 3, 4, 4), tensors.FromFlatDataAndDimensions([]int32{1, 2}, 2)
	out := evaluate(t, backend, func(in []*Node) []*Node {
		g := &round{objective: Mistake(n.Bind(in[2:]).Classifier(Evaluation), in[1]), epsilon: 1}
		return []*Node{Slice(g.withGradient(in[0]), AxisRange(), AxisRange(3))}
	}, append([]any{x, labels}, w.inputs()...)...)
	near(t, "gradient", out[0], make([]float32, 2*3*4*4), 0)
}

// BenchmarkConv is a convolution forward and backward at the sizes of ResNet-9 with
// width 16 and batch 32; MFLOP/s counts both.
func BenchmarkConv(b *testing.B) {
	for _, s := range []struct{ size, in, out int }{{32, 3, 16}, {32, 16, 32}, {16, 32, 32}, {16, 32, 64}, {8, 64, 128}, {4, 128, 128}} {
		for name, f := range benchForms(b) {
			b.Run(fmt.Sprintf("%s/%dx%d/%d-%d", name, s.size, s.size, s.in, s.out), func(b *testing.B) {
				benchConv(b, s.size, s.in, s.out, f)
			})
		}
	}
}

// benchForms are the forms that the backend can compute.
func benchForms(b *testing.B) map[string]form {
	if backend.IsONNXRuntime(openBackend(b)) {
		return map[string]form{"channels first": channelsFirst{}}
	}
	return map[string]form{"batch last": batchLast{}, "native": channelsLast{}}
}

func benchConv(b *testing.B, size, in, out int, f form) {
	const batch = 32
	r := random.New(1, "bench")
	x, kernel := randomTensor(r, batch, in, size, size), randomTensor(r, out, in, 3, 3)
	exec, err := backend.Compile(openBackend(b), func(in []*Node) []*Node {
		return Gradient(ReduceAllSum(Square(f.convolve(f.enter(in[0]), in[1], 1, 1))), in[0], in[1])
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
