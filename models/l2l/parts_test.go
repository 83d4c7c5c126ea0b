package l2l

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestHalvesOfABatch(t *testing.T) {
	for n, want := range map[int][]int{1: {1}, 2: {2}, 3: {2, 1}, 4: {2, 2}, 5: {2, 3}, 6: {4, 2}, 32: {16, 16}, 100: {50, 50}} {
		if got := halves(n); !slices.Equal(got, want) {
			t.Errorf("%d images are cut into %v, want %v", n, got, want)
		}
	}
}

// TestGradientsOfSeveralOutputs derives x + y and x y by hand, as functions of which
// both, one and, by another call, the other are used.
func TestGradientsOfSeveralOutputs(t *testing.T) {
	b := openBackend(t)
	x, y := tensors.FromFlatDataAndDimensions([]float32{2, 3}, 2), tensors.FromFlatDataAndDimensions([]float32{5, 7}, 2)
	out := evaluate(t, b, func(in []*Node) []*Node {
		x, y := in[0], in[1]
		out := deriveAll(in, func(in []*Node) []*Node { return []*Node{Add(in[0], in[1]), Mul(in[0], in[1])} },
			func(_, v []*Node) []*Node { return []*Node{Add(v[0], Mul(v[1], y)), Add(v[0], Mul(v[1], x))} })
		sum, product := ReduceAllSum(out[0]), ReduceAllSum(out[1])
		both := Gradient(Add(sum, product), x, y)
		return slices.Concat(both, Gradient(product, x, y), Gradient(sum, x, y))
	}, x, y)
	for i, want := range [][]float32{{6, 8}, {3, 4}, {5, 7}, {2, 3}, {1, 1}, {1, 1}} {
		near(t, "gradient", out[i], want, 0)
	}
}
