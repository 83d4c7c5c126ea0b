package backend

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/kernels"
)

// The products of models/kernels have the bits of GoMLX's for any number of threads, so a training
// has the same result with either.
func TestProductsHaveTheBitsOfGoMLX(t *testing.T) {
	if !kernels.HasProducts() {
		t.Skip("this processor or build has no AVX-512")
	}
	b, err := Open(Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	// GoMLX has other code for products of fewer than 4 Mi multiplications.
	for _, d := range [][3]int{{64, 3125, 200}, {64, 1001, 77}, {5, 8000, 129}, {200, 3125, 64}, {27, 3125, 200}, {1, 19000, 256}, {7, 301, 3125}, {64, 64, 1025}} {
		m, n, k := d[0], d[1], d[2]
		x, y := normal(m*k), normal(k*n)
		yT := make([]float32, n*k)
		kernels.Transpose(y, k, n, yT)
		for _, way := range []struct {
			name string
			y    *tensors.Tensor
			dot  func(x, y *graph.Node) *graph.Node
		}{
			{"plain", tensors.FromFlatDataAndDimensions(y, k, n), func(x, y *graph.Node) *graph.Node { return graph.Dot(x, y).MatMul() }},
			{"transposed", tensors.FromFlatDataAndDimensions(yT, n, k), func(x, y *graph.Node) *graph.Node { return graph.Einsum("mk,nk->mn", x, y) }},
		} {
			exec, err := Compile(b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{way.dot(in[0], in[1])} })
			if err != nil {
				t.Fatal(err)
			}
			out, err := Run(exec, tensors.FromFlatDataAndDimensions(x, m, k), way.y)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := Copy(out[0])
			for _, threads := range []int{1, 2, 5} {
				got := make([]float32, m*n)
				kernels.Product(m, n, k, kernels.Rows(x, k), kernels.Rows(y, n), kernels.Rows(got, n), threads)
				if at := firstDifference(got, want); at >= 0 {
					t.Errorf("%v, %s, %d threads: value %d is %v, not %v", d, way.name, threads, at, got[at], want[at])
				}
				xT := make([]float32, m*k)
				kernels.Transpose(x, m, k, xT)
				clear(got)
				kernels.Product(m, n, k, kernels.Rows(xT, m).Turned(), kernels.Rows(y, n), kernels.Rows(got, n), threads)
				if at := firstDifference(got, want); at >= 0 {
					t.Errorf("%v, %s, %d threads, a turned: value %d is %v, not %v", d, way.name, threads, at, got[at], want[at])
				}
			}
		}
	}
}

func firstDifference(x, y []float32) int {
	for i, v := range x {
		if v != y[i] {
			return i
		}
	}
	return -1
}

func BenchmarkProducts(bench *testing.B) {
	b, err := Open(Default, 1)
	if err != nil {
		bench.Fatal(err)
	}
	for _, d := range [][3]int{{64, 3125, 200}, {200, 3125, 64}, {200, 64, 3125}} {
		m, n, k := d[0], d[1], d[2]
		x, y, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		flops := 2 * float64(m) * float64(n) * float64(k)
		rate := func(bench *testing.B) {
			bench.ReportMetric(flops*float64(bench.N)/bench.Elapsed().Seconds()/1e9, "GFLOP/s")
		}
		bench.Run(fmt.Sprintf("gomlx/%d-%d-%d", m, n, k), func(bench *testing.B) {
			exec, err := Compile(b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.Dot(in[0], in[1]).MatMul()} })
			if err != nil {
				bench.Fatal(err)
			}
			tx, ty := tensors.FromFlatDataAndDimensions(x, m, k), tensors.FromFlatDataAndDimensions(y, k, n)
			for bench.Loop() {
				out, err := Run(exec, tx, ty)
				if err != nil {
					bench.Fatal(err)
				}
				if err := Release(out...); err != nil {
					bench.Fatal(err)
				}
			}
			rate(bench)
		})
		if kernels.HasProducts() {
			bench.Run(fmt.Sprintf("foil/%d-%d-%d", m, n, k), func(bench *testing.B) {
				for bench.Loop() {
					kernels.Product(m, n, k, kernels.Rows(x, k), kernels.Rows(y, n), kernels.Rows(c, n), 1)
				}
				rate(bench)
			})
		}
	}
}
