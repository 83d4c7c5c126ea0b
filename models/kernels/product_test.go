package kernels_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/kernels"
)

// gomlx multiplies x [h, m, k] and y [h, k, n], or [h, n, k] if y is transposed, on the Go backend.
func gomlx(t testing.TB, transposed bool, h, m, n, k int, x, y []float32) []float32 {
	t.Helper()
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	equation, dims := "hmk,hkn->hmn", []int{h, k, n}
	if transposed {
		equation, dims = "hmk,hnk->hmn", []int{h, n, k}
	}
	exec, err := backend.Compile(b, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Einsum(equation, in[0], in[1])}
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := backend.Run(exec, tensors.FromFlatDataAndDimensions(x, h, m, k), tensors.FromFlatDataAndDimensions(y, dims...))
	if err != nil {
		t.Fatal(err)
	}
	values, err := backend.Copy(out[0])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		if x[i] = float32(r.NormFloat64()); i%7 == 0 {
			x[i] = 0 // so that there are zeros of both signs among the products
		}
	}
	return x
}

func turned(x []float32, rows, columns int) []float32 {
	y := make([]float32, len(x))
	kernels.Transpose(x, rows, columns, y)
	return y
}

// sameBits compares values, and the values behind them with the guard.
func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if math.Float32bits(got[i]) != math.Float32bits(v) {
			t.Errorf("%s: value %d is %v, not %v", what, i, got[i], v)
			return
		}
	}
	for i, v := range got[len(want):] {
		if v != guard {
			t.Errorf("%s: wrote value %d of %d", what, len(want)+i, len(want))
			return
		}
	}
}

const guard = 12345

// guarded returns n values, with some behind them that nobody may change.
func guarded(n int) []float32 {
	x := make([]float32, n+64)
	for i := range x {
		x[i] = guard
	}
	return x
}

func needProducts(t *testing.T) *rand.Rand {
	t.Helper()
	if !kernels.HasProducts() {
		t.Skip("this processor or build has no AVX-512")
	}
	return rand.New(rand.NewPCG(1, 2))
}

// A training has the same result with the products of this package as with those of GoMLX, which has
// other code for less than 4 Mi multiplications.
func TestProductHasTheBitsOfGoMLX(t *testing.T) {
	r := needProducts(t)
	for _, d := range [][3]int{{64, 3125, 200}, {64, 1001, 77}, {5, 8000, 129}, {200, 3125, 64}, {27, 3125, 200}, {1, 19000, 256}, {7, 301, 3125}, {64, 64, 1025}, {3, 17, 90000}, {31, 4100, 130}} {
		m, n, k := d[0], d[1], d[2]
		x, y := normal(r, m*k), normal(r, k*n)
		xT := turned(x, m, k)
		for _, transposed := range []bool{false, true} {
			theirs := y
			if transposed {
				theirs = turned(y, k, n)
			}
			want := gomlx(t, transposed, 1, m, n, k, x, theirs)
			for _, threads := range []int{1, 2, 5} {
				what := fmt.Sprintf("%v, transposed %v, %d threads", d, transposed, threads)
				got := guarded(m * n)
				kernels.Product(m, n, k, kernels.Rows(x, k), kernels.Rows(y, n), kernels.Rows(got, n), threads)
				sameBits(t, what, got, want)
				got = guarded(m * n)
				kernels.Product(m, n, k, kernels.Rows(xT, m).Turned(), kernels.Rows(y, n), kernels.Rows(got, n), threads)
				sameBits(t, what+", a turned", got, want)
			}
		}
	}
}

func TestSmallProductsHaveTheBitsOfGoMLX(t *testing.T) {
	r := needProducts(t)
	shapes := [][3]int{{64, 200, 5}, {5, 200, 64}, {27, 200, 5}, {1, 17, 1}, {3, 500, 300}, {64, 64, 64}, {7, 33, 1000}}
	for range 30 {
		shapes = append(shapes, [3]int{1 + r.IntN(70), 17 + r.IntN(300), 16 + r.IntN(150)})
	}
	for _, d := range shapes {
		m, n, k := d[0], d[1], d[2]
		x, y := normal(r, m*k), normal(r, k*n)
		want := gomlx(t, false, 1, m, n, k, x, y)
		got := guarded(m * n)
		kernels.SmallProduct(m, n, k, kernels.Rows(x, k), kernels.Rows(y, n), kernels.Rows(got, n))
		sameBits(t, fmt.Sprint(d), got, want)
		got = guarded(m * n)
		kernels.SmallProduct(m, n, k, kernels.Rows(turned(x, m, k), m).Turned(), kernels.Rows(y, n), kernels.Rows(got, n))
		sameBits(t, fmt.Sprintf("%v, a turned", d), got, want)
		if k < 16 {
			continue // GoMLX has other code for this, too
		}
		got = guarded(m * n)
		kernels.SmallDots(m, n, k, x, turned(y, k, n), got)
		sameBits(t, fmt.Sprintf("%v, scalar products", d), got, gomlx(t, true, 1, m, n, k, x, turned(y, k, n)))
	}
}

func TestProductsOfNothing(t *testing.T) {
	needProducts(t)
	got := guarded(6)
	kernels.Product(2, 3, 0, kernels.Rows(nil, 0), kernels.Rows(nil, 3), kernels.Rows(got, 3), 1)
	sameBits(t, "no terms", got, make([]float32, 6))
	kernels.Product(0, 3, 4, kernels.Rows(nil, 4), kernels.Rows(make([]float32, 12), 3), kernels.Rows(got, 3), 1)
	kernels.Product(2, 0, 4, kernels.Rows(make([]float32, 8), 4), kernels.Rows(nil, 0), kernels.Rows(got, 0), 1)
	sameBits(t, "no values", got, make([]float32, 6))
}

// BenchmarkProduct compares the products of a training's step with GoMLX's: 64 users, 100 latent
// values, 3,125 or 47,383 items.
func BenchmarkProduct(b *testing.B) {
	device, err := backend.Open(backend.Default, 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range [][3]int{{64, 3125, 100}, {100, 3125, 64}, {100, 64, 3125}, {64, 47383, 100}, {100, 47383, 64}} {
		m, n, k := d[0], d[1], d[2]
		x, y, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		operations := 2 * float64(m*n*k)
		b.Run(fmt.Sprintf("%dx%dx%d/gomlx", m, n, k), func(b *testing.B) {
			exec, err := backend.Compile(device, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{graph.Dot(in[0], in[1]).MatMul()}
			})
			if err != nil {
				b.Fatal(err)
			}
			tx, ty := tensors.FromFlatDataAndDimensions(x, m, k), tensors.FromFlatDataAndDimensions(y, k, n)
			for b.Loop() {
				out, err := backend.Run(exec, tx, ty)
				if err != nil {
					b.Fatal(err)
				}
				if err := backend.Release(out...); err != nil {
					b.Fatal(err)
				}
			}
			kernels.ReportRate(b, operations)
		})
		if kernels.HasProducts() {
			b.Run(fmt.Sprintf("%dx%dx%d/foil", m, n, k), func(b *testing.B) {
				for b.Loop() {
					kernels.Product(m, n, k, kernels.Rows(x, k), kernels.Rows(y, n), kernels.Rows(c, n), 1)
				}
				kernels.ReportRate(b, operations)
			})
		}
	}
}
