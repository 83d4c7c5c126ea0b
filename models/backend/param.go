package backend

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/kernels"
)

// NewTensor returns a zero float32 tensor. A backend that shares memory with Go reads it without a
// copy.
func NewTensor(b compute.Backend, dims ...int) (*tensors.Tensor, error) {
	return tensors.FromShapeForBackend(b, 0, shapes.Make(dtypes.Float32, dims...))
}

// Write calls f with the tensor's values. f may change them.
func Write(t *tensors.Tensor, f func(flat []float32)) error {
	return tensors.MutableFlatData(t, f)
}

// Read calls f with the tensor's values. They are valid only during the call.
func Read(t *tensors.Tensor, f func(flat []float32)) error {
	return tensors.ConstFlatData(t, f)
}

// ReadWrite calls f with the values of two tensors. f may change the second.
func ReadWrite(from, to *tensors.Tensor, f func(from, to []float32)) error {
	return ValuesOf(from).ReadWrite(to, f)
}

// WriteBoth calls f with the values of two tensors. f may change both.
func WriteBoth(a, b *tensors.Tensor, f func(a, b []float32)) error {
	var inner error
	err := Write(a, func(a []float32) {
		inner = Write(b, func(b []float32) { f(a, b) })
	})
	return errors.Join(err, inner)
}

// Scalar returns the value of a tensor with one element.
func Scalar(t *tensors.Tensor) (v float64, err error) {
	err = Read(t, func(flat []float32) { v = float64(flat[0]) })
	return v, err
}

// Run executes a graph, and turns a panic into an error. With several threads the Go backend runs
// operations in other goroutines too; a panic there ends the process.
func Run(exec *graph.Exec, inputs ...any) (outputs []*tensors.Tensor, err error) {
	err = Guard(func() (err error) {
		outputs, err = exec.Call(inputs...)
		kernels.ClearRegisters()
		return err
	})
	return outputs, err
}

// Fill copies values into the tensor.
func Fill(t *tensors.Tensor, values []float32) error {
	if t.Size() != len(values) {
		return fmt.Errorf("%[3]d values for a tensor of %[1]s, which has %[2]d", t.Shape(), t.Size(), len(values))
	}
	return Write(t, func(flat []float32) { copy(flat, values) })
}

// Copy returns the tensor's values.
func Copy(t *tensors.Tensor) ([]float32, error) {
	var out []float32
	err := Read(t, func(flat []float32) { out = append(out, flat...) })
	return out, err
}

// Release returns the memory of outputs to the backend.
func Release(ts ...*tensors.Tensor) error {
	for _, t := range ts {
		if t == nil {
			continue
		}
		if err := t.FinalizeAll(); err != nil {
			return err
		}
	}
	return nil
}
