//go:build amd64 && goexperiment.simd

package backend

import (
	"simd/archsimd"

	"github.com/gomlx/compute/support/envutil"

	"foil/internal/numeric"
)

// products is the code that GoMLX's Go backend multiplies matrices with in this process. The
// conditions are those of its package internal/gobackend/dot/matmul, which registers its functions
// by them and does not tell.
func products() numeric.SIMD {
	switch {
	case archsimd.X86.AVX512() && envutil.MustReadBool(envutil.SIMD_AVX512_Env, true):
		return numeric.AVX512
	case archsimd.X86.AVX2() && envutil.MustReadBool(envutil.SIMD_AVX2_Env, true):
		return numeric.AVX2
	}
	return numeric.NoSIMD
}
