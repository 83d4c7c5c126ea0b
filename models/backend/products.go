package backend

import (
	"github.com/gomlx/compute"

	"foil/internal/numeric"
	"foil/models/kernels"
)

// OwnProducts reports whether the products of models/kernels can stand for those of a backend: they
// have the bits that the Go backend has with AVX-512. That can be turned off, see products.
func OwnProducts(b compute.Backend) bool {
	return IsGo(b) && kernels.HasProducts() && products() == numeric.AVX512
}
