package multvae

import (
	"math"
	"math/rand/v2"

	"foil/models/kernels"
	"foil/models/optim"
)

// An encoder is the linear layer from a user's items to mean and log variance.
// Its input is sparse and binary, so the product is a sum of weight rows and
// the gradient a scatter into them; the weights are kept as [items, 2 latent].
type encoder struct {
	width                     int // 2 latent
	weight, bias              []float32
	weightGrad, biasGrad      []float32
	weightMoments, biasMoment optim.Moments

	kept   []int32   // items of the batch that survived dropout, user by user
	ends   []int     // end of each user's part of kept
	values []float32 // each user's input value: the row is binary and normalised
}

func newEncoder(items, latent int) *encoder {
	width := 2 * latent
	return &encoder{width: width, weight: make([]float32, items*width), bias: make([]float32, width)}
}

// prepare allocates gradients and moments.
func (e *encoder) prepare() {
	e.weightGrad = make([]float32, len(e.weight))
	e.biasGrad = make([]float32, len(e.bias))
	e.weightMoments = optim.NewMoments(len(e.weight))
	e.biasMoment = optim.NewMoments(len(e.bias))
}

func (e *encoder) row(item int32) []float32 {
	return e.weight[int(item)*e.width : (int(item)+1)*e.width]
}

// sum writes bias + value * (sum of the items' weight rows) to h.
func (e *encoder) sum(items []int32, value float32, h []float32) {
	copy(h, e.bias)
	for _, item := range items {
		kernels.Axpy(value, e.row(item), h)
	}
}

// unit is the value of each of n ones in a vector of length 1. Inverted
// dropout's factor cancels in the normalisation.
func unit(n int) float32 {
	if n == 0 {
		return 0
	}
	return float32(1 / math.Sqrt(float64(n)))
}

// forward writes the pre-activations of the users to h [b, 2l], after dropping
// items with probability p (src nil: none), and remembers what it kept.
func (e *encoder) forward(rows Rows, users []int32, p float64, src rand.Source, h []float32) {
	e.kept, e.ends, e.values = e.kept[:0], e.ends[:0], e.values[:0]
	limit := uint64(math.Round(p * (1 << 32)))
	for b, u := range users {
		start := len(e.kept)
		row := rows.Row(u)
		if src == nil || p == 0 {
			e.kept = append(e.kept, row...)
		} else {
			for _, item := range row {
				if src.Uint64()>>32 >= limit {
					e.kept = append(e.kept, item)
				}
			}
		}
		value := unit(len(e.kept) - start)
		e.ends = append(e.ends, len(e.kept))
		e.values = append(e.values, value)
		e.sum(e.kept[start:], value, h[b*e.width:(b+1)*e.width])
	}
}

// backward takes the gradient of h of the last forward and updates the weights.
// Items that nobody in the batch has still move: by decay and momentum.
func (e *encoder) backward(h []float32, adam *optim.Adam, rate float64) {
	e.accumulate(h)
	adam.Update(rate, e.weight, e.weightGrad, e.weightMoments)
	adam.Update(rate, e.bias, e.biasGrad, e.biasMoment)
	for _, item := range e.kept {
		clear(e.weightGrad[int(item)*e.width : (int(item)+1)*e.width])
	}
	clear(e.biasGrad)
}

func (e *encoder) accumulate(h []float32) {
	start := 0
	for b, end := range e.ends {
		row := h[b*e.width : (b+1)*e.width]
		for _, item := range e.kept[start:end] {
			kernels.Axpy(e.values[b], row, e.weightGrad[int(item)*e.width:(int(item)+1)*e.width])
		}
		kernels.Axpy(1, row, e.biasGrad)
		start = end
	}
}
