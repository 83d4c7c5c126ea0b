package kernels_test

import (
	"fmt"
	"slices"
	"testing"

	"foil/models/kernels"
)

// A step of a linear layer has the bits of its two products and of Adam for the whole of W, for any
// number of threads. Steps follow each other, so moments are not zero.
func TestLinearStepHasTheBitsOfItsParts(t *testing.T) {
	r := needProducts(t)
	shapes := [][3]int{{64, 100, 3125}, {1, 1, 1}, {7, 5, 127}, {64, 6, 128}, {65, 13, 129}, {130, 12, 300}, {200, 27, 1025}, {33, 200, 641}}
	for range 10 {
		shapes = append(shapes, [3]int{1 + r.IntN(150), 1 + r.IntN(40), 1 + r.IntN(700)})
	}
	adam := kernels.AdamStep{Beta1: 0.9, Beta2: 0.999, Rest1: 0.1, Rest2: 0.001, Decay: 1e-4, Epsilon: 1e-8, Rate: 0.01, RootScale: 3}
	for _, d := range shapes {
		b, l, n := d[0], d[1], d[2]
		start := guarded(l * n)
		copy(start, normal(r, l*n))
		zero := guarded(l * n)
		clear(zero[:l*n])
		var x, gradient [2][]float32
		for i := range x {
			x[i], gradient[i] = normal(r, b*l), normal(r, b*n)
		}

		w, first, second, grad := slices.Clone(start[:l*n]), make([]float32, l*n), make([]float32, l*n), make([]float32, l*n)
		var xGradient [2][]float32
		for i := range x {
			xGradient[i] = make([]float32, l*b)
			kernels.Product(l, b, n, kernels.Rows(w, n), kernels.Rows(turned(gradient[i], b, n), b), kernels.Rows(xGradient[i], b), 1)
			kernels.Product(l, n, b, kernels.Rows(x[i], l).Turned(), kernels.Rows(gradient[i], n), kernels.Rows(grad, n), 1)
			kernels.Adam(adam, w, grad, first, second)
		}
		for _, threads := range []int{1, 2, 5} {
			what := fmt.Sprintf("%v, %d threads: ", d, threads)
			s := kernels.LinearStep{
				Batch: b, Inputs: l, Outputs: n, Adam: adam,
				Weight: slices.Clone(start), First: slices.Clone(zero), Second: slices.Clone(zero),
			}
			for i := range x {
				s.X, s.Gradient, s.XGradient = x[i], gradient[i], guarded(l*b)
				s.Run(threads)
				sameBits(t, what+"gradient of x", s.XGradient, xGradient[i])
			}
			sameBits(t, what+"weights", s.Weight, w)
			sameBits(t, what+"first moments", s.First, first)
			sameBits(t, what+"second moments", s.Second, second)
		}
	}
}

func TestTranspose(t *testing.T) {
	for _, d := range [][2]int{{1, 1}, {8, 4}, {7, 3}, {9, 5}, {64, 23}, {64, 128}, {100, 65}, {3, 200}} {
		x := make([]float32, d[0]*d[1])
		for i := range x {
			x[i] = float32(i)
		}
		got, want := guarded(len(x)), make([]float32, len(x))
		for r := range d[0] {
			for c := range d[1] {
				want[c*d[0]+r] = x[r*d[1]+c]
			}
		}
		kernels.Transpose(x, d[0], d[1], got)
		sameBits(t, fmt.Sprint(d), got, want)
	}
}
