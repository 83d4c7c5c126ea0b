// Package modeltest helps tests of models to run graphs and to compare numbers.
package modeltest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/testenv"
	"foil/models/backend"
	"foil/models/random"
)

// Backend opens the backend under test, on one thread.
func Backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Evaluate builds a graph and runs it once.
func Evaluate(t testing.TB, b compute.Backend, build func(in []*graph.Node) []*graph.Node, in ...any) [][]float32 {
	t.Helper()
	exec, err := backend.Compile(b, build)
	if err != nil {
		t.Fatal(err)
	}
	out, err := backend.Run(exec, in...)
	if err != nil {
		t.Fatal(err)
	}
	var values [][]float32
	for _, x := range out {
		values = append(values, Copied(t, x))
	}
	return values
}

// Copied are the values of a tensor.
func Copied(t testing.TB, x *tensors.Tensor) []float32 {
	t.Helper()
	values, err := backend.Copy(x)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// Normal draws a tensor of normal values.
func Normal(r *rand.Rand, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	x := make([]float32, n)
	random.Normal(r, x, 1)
	return tensors.FromFlatDataAndDimensions(x, dims...)
}

// Near compares values, with a tolerance relative to the largest expected value.
func Near(t testing.TB, name string, got, want []float32, tolerance float64) {
	t.Helper()
	NearWithin(t, name, got, want, tolerance, 0)
}

// NearWithin is Near with a floor for the largest value, for values that may all be zero but for
// rounding.
func NearWithin(t testing.TB, name string, got, want []float32, tolerance, floor float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s has %d values, want %d", name, len(got), len(want))
		return
	}
	size, worst := floor, 0.0
	at := 0
	for i := range want {
		size = max(size, math.Abs(float64(want[i])))
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= tolerance*size) {
		t.Errorf("%s: value %d is %g, want %g (largest %g)", name, at, got[at], want[at], size)
	}
}

// Norm is the Euclidean length of all values together.
func Norm(parts ...[]float32) float64 {
	var sum float64
	for _, x := range parts {
		for _, v := range x {
			sum += float64(v) * float64(v)
		}
	}
	return math.Sqrt(sum)
}
