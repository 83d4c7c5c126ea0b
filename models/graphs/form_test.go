package graphs

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
			for _, f := range []form{channelsFirst{}, nil} {
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
		f := f
		if f == nil {
			f = formFor(in[0])
		}
		y := l.apply(f, f.enter(in[0]), in[1:])
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
	apply  func(f form, x *Node, in []*Node) *Node
}

func formLayers() map[string]formLayer {
	of := func(layer func(f form, x *Node, in []*Node) *Node) func(f form, x *Node, in []*Node) *Node {
		return func(f form, x *Node, in []*Node) *Node { return f.leave(layer(f, x, in)) }
	}
	norm := func(f form, x, scale, shift *Node) *Node {
		y, _, _ := f.normalise(x, scale, shift, 0.1)
		return y
	}
	images := []int{5, 3, 6, 8}
	layers := map[string]formLayer{
		"deconv":     {[][]int{images, {3, 2, 4, 4}}, of(func(f form, x *Node, in []*Node) *Node { return f.deconvolve(x, in[0]) })},
		"affine":     {[][]int{images, {3}, {3}}, of(func(f form, x *Node, in []*Node) *Node { return f.affine(x, in[0], in[1]) })},
		"bias":       {[][]int{images, {3}}, of(func(f form, x *Node, in []*Node) *Node { return f.affine(x, nil, in[0]) })},
		"norm":       {[][]int{images, {3}, {3}}, of(func(f form, x *Node, in []*Node) *Node { return norm(f, x, in[0], in[1]) })},
		"plain norm": {[][]int{images}, of(func(f form, x *Node, _ []*Node) *Node { return norm(f, x, nil, nil) })},
		"relu":       {[][]int{images}, of(func(f form, x *Node, _ []*Node) *Node { return f.relu(x) })},
		"prelu":      {[][]int{images, {}}, of(func(f form, x *Node, in []*Node) *Node { return f.prelu(x, in[0]) })},
		"pool":       {[][]int{images}, of(func(f form, x *Node, _ []*Node) *Node { return f.maxPool(x, 2) })},
		"join":       {[][]int{images}, of(func(f form, x *Node, _ []*Node) *Node { return f.join(x, f.relu(x)) })},
		"space mean": {[][]int{images}, func(f form, x *Node, _ []*Node) *Node { return f.spaceMean(x) }},
		"flatten":    {[][]int{images}, func(f form, x *Node, _ []*Node) *Node { return f.flatten(x) }},
	}
	for _, s := range []struct{ b, h, w, in, out, kernel, stride, pad int }{
		{5, 6, 5, 3, 4, 3, 1, 1}, {1, 6, 5, 3, 4, 3, 1, 1}, {4, 4, 4, 2, 50, 3, 1, 1}, {2, 7, 5, 2, 3, 5, 1, 2},
		{4, 6, 6, 3, 4, 3, 2, 1}, {2, 7, 6, 2, 3, 3, 2, 1}, {2, 6, 6, 2, 3, 3, 1, 0}, {4, 6, 6, 3, 2, 1, 1, 0}, {3, 6, 5, 3, 2, 1, 2, 0},
	} {
		layers[fmt.Sprintf("conv %+v", s)] = formLayer{
			[][]int{{s.b, s.in, s.h, s.w}, {s.out, s.in, s.kernel, s.kernel}},
			of(func(f form, x *Node, in []*Node) *Node { return f.convolve(x, in[0], s.stride, s.pad) }),
		}
	}
	return layers
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
			y := f.leave(f.maxPool(f.enter(in[0]), 2))
			return append([]*Node{y}, Gradient(ReduceAllSum(y), in[0])...)
		}, x)
		modeltest.Near(t, fmt.Sprintf("%T on %s: maxima", f, b.Name()), out[0], []float32{1, 2, 3}, 0)
		modeltest.Near(t, fmt.Sprintf("%T on %s: gradient", f, b.Name()), out[1], []float32{1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 0)
	}
	for _, f := range []form{channelsLast{}, channelsFirst{}} {
		check(plain, f)
	}
	check(tested, nil)
}
