package nn

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/models/backend"
	"foil/models/random"
)

// TestFormsAgree holds each layer in every form against the compilers': values, and
// gradients in images and parameters. The Go backend computes all forms; the form of
// the backend that is tested is computed there, too.
func TestFormsAgree(t *testing.T) {
	tested := modeltest.Backend(t)
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
					modeltest.Near(t, fmt.Sprintf("%T on %s: %s", f, b.Name(), derivedName(i)), got, want[i], 1e-5)
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
		in = append(in, modeltest.Normal(r, d...))
	}
	return modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		p := &Pass{form: f}
		if f == nil {
			p.form = formFor(in[0])
		}
		y := l.apply(p, p.enter(in[0]), in[1:])
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
	apply  func(p *Pass, x Parts, in []*Node) *Node
}

func formLayers() map[string]formLayer {
	of := func(f func(p *Pass, x Parts, in []*Node) Parts) func(p *Pass, x Parts, in []*Node) *Node {
		return func(p *Pass, x Parts, in []*Node) *Node { return p.leave(f(p, x, in)) }
	}
	norm := func(p *Pass, x Parts, scale, shift *Node) Parts {
		y, _, _ := p.normalise(x, scale, shift, 0.1)
		return y
	}
	images := []int{5, 3, 6, 8}
	layers := map[string]formLayer{
		"deconv":     {[][]int{images, {3, 2, 4, 4}}, of(func(p *Pass, x Parts, in []*Node) Parts { return p.deconvolve(x, in[0]) })},
		"affine":     {[][]int{images, {3}, {3}}, of(func(p *Pass, x Parts, in []*Node) Parts { return p.affine(x, in[0], in[1]) })},
		"bias":       {[][]int{images, {3}}, of(func(p *Pass, x Parts, in []*Node) Parts { return p.affine(x, nil, in[0]) })},
		"norm":       {[][]int{images, {3}, {3}}, of(func(p *Pass, x Parts, in []*Node) Parts { return norm(p, x, in[0], in[1]) })},
		"plain norm": {[][]int{images}, of(func(p *Pass, x Parts, _ []*Node) Parts { return norm(p, x, nil, nil) })},
		"relu":       {[][]int{images}, of(func(p *Pass, x Parts, _ []*Node) Parts { return p.ReLU(x) })},
		"prelu":      {[][]int{images, {}}, of(func(p *Pass, x Parts, in []*Node) Parts { return p.prelu(x, in[0]) })},
		"pool":       {[][]int{images}, of(func(p *Pass, x Parts, _ []*Node) Parts { return p.MaxPool(x, 2) })},
		"join":       {[][]int{images}, of(func(p *Pass, x Parts, _ []*Node) Parts { return p.Join(x, p.ReLU(x)) })},
		"space mean": {[][]int{images}, func(p *Pass, x Parts, _ []*Node) *Node { return p.SpaceMean(x) }},
		"flatten":    {[][]int{images}, func(p *Pass, x Parts, _ []*Node) *Node { return p.Flatten(x) }},
	}
	for _, s := range []struct{ b, h, w, in, out, kernel, stride, pad int }{
		{5, 6, 5, 3, 4, 3, 1, 1}, {1, 6, 5, 3, 4, 3, 1, 1}, {4, 4, 4, 2, 50, 3, 1, 1}, {2, 7, 5, 2, 3, 5, 1, 2},
		{4, 6, 6, 3, 4, 3, 2, 1}, {2, 7, 6, 2, 3, 3, 2, 1}, {2, 6, 6, 2, 3, 3, 1, 0}, {4, 6, 6, 3, 2, 1, 1, 0}, {3, 6, 5, 3, 2, 1, 2, 0},
	} {
		layers[fmt.Sprintf("conv %+v", s)] = formLayer{
			[][]int{{s.b, s.in, s.h, s.w}, {s.out, s.in, s.kernel, s.kernel}},
			of(func(p *Pass, x Parts, in []*Node) Parts { return p.convolve(x, in[0], s.stride, s.pad) }),
		}
	}
	return layers
}

// TestGoBackendConvolvesByProduct is about time alone: all forms agree.
func TestGoBackendConvolvesByProduct(t *testing.T) {
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		y := formFor(in[0]).convolve(in[0], in[1], 1, 1)
		for _, n := range y.Graph().Nodes() {
			if n.Type() == NodeTypeConvGeneral {
				t.Error("the Go backend's own convolution is used, which is 20 to 50 times slower")
			}
		}
		return []*Node{y}
	}, modeltest.Normal(random.New(1, "test"), 2, 4, 4, 1), modeltest.Normal(random.New(1, "test"), 3, 2, 3, 3))
}

// TestFirstOfEqualsGetsThePoolsGradient is about images with saturated areas. In the
// last square the second and the third value are the largest.
func TestFirstOfEqualsGetsThePoolsGradient(t *testing.T) {
	tested := modeltest.Backend(t)
	plain, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	check := func(b compute.Backend, f form) {
		x := tensors.FromFlatDataAndDimensions([]float32{1, 1, 0, 2, 0, 3, 1, 1, 2, 2, 3, 1}, 1, 1, 2, 6)
		out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
			f := f
			if f == nil {
				f = formFor(in[0])
			}
			p := &Pass{form: f}
			y := p.leave(p.MaxPool(p.enter(in[0]), 2))
			return append([]*Node{y}, Gradient(ReduceAllSum(y), in[0])...)
		}, x)
		modeltest.Near(t, fmt.Sprintf("%T on %s: maxima", f, b.Name()), out[0], []float32{1, 2, 3}, 0)
		modeltest.Near(t, fmt.Sprintf("%T on %s: gradient", f, b.Name()), out[1], []float32{1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 0)
	}
	for _, f := range []form{batchLast{}, channelsLast{}, channelsFirst{}} {
		check(plain, f)
	}
	check(tested, nil)
}

// BenchmarkConv is a convolution forward and backward at the sizes of ResNet-9 with
// width 16 and batch 32, on one thread; MFLOP/s counts both.
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
	if backend.IsONNXRuntime(modeltest.Backend(b)) {
		return map[string]form{"channels first": channelsFirst{}}
	}
	return map[string]form{"batch last": batchLast{}, "native": channelsLast{}}
}

func benchConv(b *testing.B, size, in, out int, f form) {
	const batch = 32
	r := random.New(1, "bench")
	x, kernel := modeltest.Normal(r, batch, in, size, size), modeltest.Normal(r, out, in, 3, 3)
	exec, err := backend.Compile(modeltest.Backend(b), func(in []*Node) []*Node {
		p := &Pass{form: f}
		y := p.convolve(p.enter(in[0]), in[1], 1, 1).Each(func(y *Node) *Node { return ReduceAllSum(Square(y)) })
		return Gradient(sum(y), in[0], in[1])
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
