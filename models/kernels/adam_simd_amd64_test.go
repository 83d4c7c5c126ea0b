//go:build goexperiment.simd

package kernels

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Adam has the same bits with AVX-512 as with AVX2.
func TestAdamHasTheSameBitsWithAVX512(t *testing.T) {
	if !haveProducts {
		t.Skip("this processor has no AVX-512")
	}
	defer func() { haveProducts = true }()
	r := rand.New(rand.NewPCG(1, 2))
	step := AdamStep{Beta1: 0.9, Beta2: 0.999, Rest1: 0.1, Rest2: 0.001, Decay: 1e-4, Epsilon: 1e-8, Rate: 0.01, RootScale: 3}
	for _, n := range lengths {
		w, g, m, v := randoms(r, n, 1), randoms(r, n, 1), randoms(r, n, 1), randoms(r, n, 1)
		for i := range v {
			v[i] *= v[i]
		}
		w2, m2, v2 := slices.Clone(w), slices.Clone(m), slices.Clone(v)
		haveProducts = true
		Adam(step, w, g, m, v)
		haveProducts = false
		Adam(step, w2, g, m2, v2)
		if !slices.Equal(w, w2) || !slices.Equal(m, m2) || !slices.Equal(v, v2) {
			t.Errorf("length %d: AVX-512 and AVX2 differ", n)
		}
	}
}
