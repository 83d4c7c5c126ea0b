package training

import (
	"fmt"
	"iter"
	"math/rand/v2"

	"foil/internal/safetensors"
	"foil/models/random"
)

// orderTensor is the name of an order among the arrays of a state.
const orderTensor = "order"

// An Order is the order in which an epoch passes over the rows of the training data. Every
// epoch shuffles the order of the one before.
type Order struct {
	Rows []int32

	rand *rand.Rand
}

// NewOrder is the order of n rows before the first epoch. It draws from the stream "order".
func NewOrder(n int, streams *random.Streams) *Order {
	o := &Order{Rows: make([]int32, n), rand: rand.New(streams.Source("order"))}
	for i := range o.Rows {
		o.Rows[i] = int32(i)
	}
	return o
}

// Shuffle begins an epoch.
func (o *Order) Shuffle() {
	o.rand.Shuffle(len(o.Rows), func(i, j int) { o.Rows[i], o.Rows[j] = o.Rows[j], o.Rows[i] })
}

// Batches cuts the rows into batches of a size, the last of which may be shorter, and numbers
// them from 1. They share Rows.
func (o *Order) Batches(size int) iter.Seq2[int, []int32] {
	return func(yield func(int, []int32) bool) {
		for start, n := 0, 1; start < len(o.Rows); start, n = start+size, n+1 {
			if !yield(n, o.Rows[start:min(start+size, len(o.Rows))]) {
				return
			}
		}
	}
}

// Share is the fraction of all rows in a batch.
func (o *Order) Share(batch []int32) float64 { return float64(len(batch)) / float64(len(o.Rows)) }

// Tensor is the order as an array of a State.
func (o *Order) Tensor() safetensors.Tensor {
	return safetensors.Tensor{Name: orderTensor, Shape: []int{len(o.Rows)}, I32: o.Rows}
}

// Restore sets the order to the order of a state.
func (o *Order) Restore(arrays safetensors.File) error {
	order := arrays[orderTensor].I32
	if !random.IsOrder(order, len(o.Rows)) {
		return fmt.Errorf("the %d numbers are not a permutation of %d rows", len(order), len(o.Rows))
	}
	copy(o.Rows, order)
	return nil
}
