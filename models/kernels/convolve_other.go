//go:build !(amd64 && goexperiment.simd)

package kernels

import "foil/internal/numeric"

func best() numeric.SIMD { return numeric.NoSIMD }
