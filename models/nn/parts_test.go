package nn

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
)

func TestHalvesOfABatch(t *testing.T) {
	for n, want := range map[int][]int{1: {1}, 2: {2}, 3: {2, 1}, 4: {2, 2}, 5: {2, 3}, 6: {4, 2}, 32: {16, 16}, 100: {50, 50}} {
		if got := halves(n); !slices.Equal(got, want) {
			t.Errorf("%d images are cut into %v, want %v", n, got, want)
		}
	}
}

// TestGradientsOfSeveralOutputs derives x + y and x y by hand, where both are used and
// where one is.
func TestGradientsOfSeveralOutputs(t *testing.T) {
	x, y := tensors.FromFlatDataAndDimensions([]float32{2, 3}, 2), tensors.FromFlatDataAndDimensions([]float32{5, 7}, 2)
	out := modeltest.Evaluate(t, modeltest.Backend(t), func(in []*Node) []*Node {
		x, y := in[0], in[1]
		sum, product := sumAndProduct(x, y)
		return slices.Concat(Gradient(Add(sum, product), x, y), Gradient(product, x, y), Gradient(sum, x, y))
	}, x, y)
	for i, want := range [][]float32{{6, 8}, {3, 4}, {5, 7}, {2, 3}, {1, 1}, {1, 1}} {
		modeltest.Near(t, "gradient", out[i], want, 0)
	}
}

// TestGradientsDoNotRemember takes a gradient in x, of which an input is made that is a
// constant for gradients, and then one in y.
func TestGradientsDoNotRemember(t *testing.T) {
	x, y := tensors.FromFlatDataAndDimensions([]float32{2, 3}, 2), tensors.FromFlatDataAndDimensions([]float32{5, 7}, 2)
	out := modeltest.Evaluate(t, modeltest.Backend(t), func(in []*Node) []*Node {
		x, y := in[0], in[1]
		sum, product := sumAndProduct(StopGradient(Square(x)), y)
		return slices.Concat(Gradient(Add(sum, product), x), Gradient(sum, y))
	}, x, y)
	modeltest.Near(t, "gradient of what is constant", out[0], []float32{0, 0}, 0)
	modeltest.Near(t, "gradient of the sum", out[1], []float32{1, 1}, 0)
}

// sumAndProduct adds up the values of x + y and of x y.
func sumAndProduct(x, y *Node) (sum, product *Node) {
	out := deriveAll([]*Node{x, y}, func(in []*Node) []*Node { return []*Node{Add(in[0], in[1]), Mul(in[0], in[1])} },
		func(_, v []*Node) []*Node { return []*Node{Add(v[0], Mul(v[1], y)), Add(v[0], Mul(v[1], x))} })
	return ReduceAllSum(out[0]), ReduceAllSum(out[1])
}
