package multvae

import (
	"math"
	"math/rand/v2"

	"foil/models/kernels"
	"foil/models/optim"
)

// An encoder is the linear layer from a user's items to mean and log variance. Its input is sparse
// and binary, so the product is a sum of weight rows, and the gradient is added to those rows. The
// weights are stored as [items, 2 latent].
type encoder struct {
	width                      int // 2 latent
	weight, bias               []float32
	weightMoments, biasMoments optim.Moments

	values []float32 // the input value of each user: a row is binary and normalised
	byUser lists     // items of the batch that survived dropout
	byItem lists     // the transpose of byUser: the users of each item

	rowGrad, biasGrad []float32 // gradient of a block of rows, and of the bias
}

// blockRows is the number of weight rows that are updated together. Their gradient stays in the
// processor's first-level cache.
const blockRows = 16

func newEncoder(items, latent int) *encoder {
	width := 2 * latent
	return &encoder{width: width, weight: make([]float32, items*width), bias: make([]float32, width)}
}

// prepare allocates the arrays for training.
func (e *encoder) prepare() {
	e.rowGrad = make([]float32, blockRows*e.width)
	e.biasGrad = make([]float32, len(e.bias))
	e.weightMoments = optim.NewMoments(len(e.weight))
	e.biasMoments = optim.NewMoments(len(e.bias))
}

func (e *encoder) items() int { return len(e.weight) / e.width }

// sum writes bias + value * (sum of the items' weight rows) to h.
func (e *encoder) sum(items []int32, value float32, h []float32) {
	kernels.SumRows(e.weight, items, h)
	kernels.Scale(value, h)
	kernels.Axpy(1, e.bias, h)
}

// unit returns the value of n equal elements in a vector of length 1. The factor of inverted
// dropout cancels in the normalisation.
func unit(n int) float32 {
	if n == 0 {
		return 0
	}
	return float32(1 / math.Sqrt(float64(n)))
}

// forward writes the pre-activations of the users to h [b, 2l]. It drops items with probability p
// (src nil: none), and remembers the items that are left.
func (e *encoder) forward(rows Rows, users []int32, p float64, src rand.Source, h []float32) {
	e.byUser.reset()
	e.values = e.values[:0]
	limit := uint64(math.Round(p * (1 << 32)))
	for b, u := range users {
		row := rows.Row(u)
		if src == nil || p == 0 {
			e.byUser.add(row...)
		} else {
			for _, item := range row {
				if src.Uint64()>>32 >= limit {
					e.byUser.add(item)
				}
			}
		}
		e.byUser.end()
		kept := e.byUser.list(b)
		e.values = append(e.values, unit(len(kept)))
		e.sum(kept, e.values[b], h[b*e.width:(b+1)*e.width])
	}
}

// backward takes the gradient of h of the last forward and updates the weights. Weight decay and
// momentum also change the rows of items that no user of the batch has.
func (e *encoder) backward(h []float32, adam *optim.Adam, rate float64) {
	e.byItem.turn(&e.byUser, e.items())
	for from := 0; from < e.items(); from += blockRows {
		to := min(from+blockRows, e.items())
		start, end := from*e.width, to*e.width
		grad := e.rowGrad[:end-start]
		e.rowsGradient(h, from, to, grad)
		adam.Update(rate, e.weight[start:end], grad, e.weightMoments.Part(start, end))
	}
	e.biasGradient(h)
	adam.Update(rate, e.bias, e.biasGrad, e.biasMoments)
}

// rowsGradient writes the gradient of the weight rows of some items.
func (e *encoder) rowsGradient(h []float32, from, to int, grad []float32) {
	clear(grad)
	for item := from; item < to; item++ {
		row := grad[(item-from)*e.width : (item-from+1)*e.width]
		for _, b := range e.byItem.list(item) {
			kernels.Axpy(e.values[b], h[int(b)*e.width:(int(b)+1)*e.width], row)
		}
	}
}

func (e *encoder) biasGradient(h []float32) {
	clear(e.biasGrad)
	for b := range e.values {
		kernels.Axpy(1, h[b*e.width:(b+1)*e.width], e.biasGrad)
	}
}
