package backend

import "github.com/gomlx/gomlx/core/tensors"

// Values calls a function with the values of an array. They are valid until the function returns.
type Values func(use func(x []float32)) error

// ValuesOf returns the values of a tensor.
func ValuesOf(t *tensors.Tensor) Values {
	return func(use func([]float32)) error { return Read(t, use) }
}

// Slice returns the values of a slice.
func Slice(x []float32) Values {
	return func(use func([]float32)) error {
		use(x)
		return nil
	}
}
