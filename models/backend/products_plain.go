//go:build !(amd64 && goexperiment.simd)

package backend

import "foil/internal/numeric"

// products is the code that GoMLX's Go backend multiplies matrices with.
func products() numeric.SIMD { return numeric.NoSIMD }
