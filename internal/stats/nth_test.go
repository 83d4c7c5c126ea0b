package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	organ := func(n, i int) float64 { return float64(min(i, n-i)) }
	for name, value := range map[string]func(n, i int) float64{
		"random":     func(int, int) float64 { return rng.NormFloat64() },
		"rising":     func(_, i int) float64 { return float64(i) },
		"falling":    func(_, i int) float64 { return float64(-i) },
		"equal":      func(int, int) float64 { return 3 },
		"few values": func(int, int) float64 { return float64(rng.IntN(3)) },
		"infinite":   func(_, i int) float64 { return math.Inf(i%2 - 1) },
		"organ pipe": organ,
		"zigzag":     func(n, i int) float64 { return organ(n, i) * float64(i%2*2-1) },
	} {
		for _, n := range []int{1, 2, 16, 17, 100, 1000} {
			values := make([]float64, n)
			for i := range values {
				values[i] = value(n, i)
			}
			sorted := slices.Sorted(slices.Values(values))
			for k := 0; k < n; k += 1 + n/50 {
				if got := nth(slices.Clone(values), k); got != sorted[k] {
					t.Fatalf("%s: value %d of %d is %v, want %v", name, k, n, got, sorted[k])
				}
			}
		}
	}
}
