// Package random gives each purpose of a run its own stream of random numbers,
// derived from the run's seed alone: weights, batch order, dropout and noise do
// not depend on each other, so that two trainings that differ in one setting
// start from the same weights and see the same batches and the same noise.
package random

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// New returns the stream for a purpose, such as "weights/encoder".
func New(seed uint64, purpose string) *rand.Rand {
	return rand.New(Source(seed, purpose))
}

// Source returns the generator behind New; its state can be saved and restored.
func Source(seed uint64, purpose string) *rand.PCG {
	h := sha256.Sum256(fmt.Appendf(nil, "foil random stream\n%d\n%s\n", seed, purpose))
	return rand.NewPCG(binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16]))
}

// Normal fills x with normal deviates of mean 0 and the given standard deviation.
func Normal(r *rand.Rand, x []float32, sd float64) {
	for i := range x {
		x[i] = float32(r.NormFloat64() * sd)
	}
}

// Uniform fills x with uniform deviates in [-bound, bound).
func Uniform(r *rand.Rand, x []float32, bound float64) {
	for i := range x {
		x[i] = float32((2*r.Float64() - 1) * bound)
	}
}

// Dropout fills x with the multipliers of inverted dropout: 0 with probability
// p, else 1/(1-p). p is taken to the nearest 1/65536, so that one draw of the
// generator serves four elements.
func Dropout(src rand.Source, x []float32, p float64) {
	limit := uint64(math.Round(p * (1 << 16)))
	keep := float32(1 / (1 - p))
	var bits uint64
	for i := range x {
		if i&3 == 0 {
			bits = src.Uint64()
		}
		x[i] = keep
		if bits&0xffff < limit {
			x[i] = 0
		}
		bits >>= 16
	}
}
