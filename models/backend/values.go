package backend

import (
	"errors"

	"github.com/gomlx/gomlx/core/tensors"
)

// Values calls a function with the values of an array. They are valid until the function returns.
type Values func(use func(x []float32)) error

// ValuesOf returns the values of a tensor.
func ValuesOf(t *tensors.Tensor) Values {
	return func(use func([]float32)) error { return Read(t, use) }
}

// ReadWrite calls f with the values and those of a tensor, which f may change.
func (v Values) ReadWrite(to *tensors.Tensor, f func(from, to []float32)) error {
	var inner error
	err := v(func(from []float32) { inner = Write(to, func(to []float32) { f(from, to) }) })
	return errors.Join(err, inner)
}

// Slice returns the values of a slice.
func Slice(x []float32) Values {
	return func(use func([]float32)) error {
		use(x)
		return nil
	}
}
