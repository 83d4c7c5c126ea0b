// Package random gives each purpose of a run its own stream of random numbers, derived only from
// the run's seed: weights, batch order, dropout and noise do not depend on each other. So two
// trainings that differ in one setting have the same initial weights, batches and noise.
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

// Source returns the generator behind New. Its state can be saved and restored.
func Source(seed uint64, purpose string) *rand.PCG {
	h := sha256.Sum256(fmt.Appendf(nil, "foil random stream\n%d\n%s\n", seed, purpose))
	return rand.NewPCG(binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16]))
}

// A Noise fills x with random numbers.
type Noise func(r *rand.Rand, x []float32)

// NormalNoise returns Normal with a standard deviation.
func NormalNoise(sd float64) Noise {
	return func(r *rand.Rand, x []float32) { Normal(r, x, sd) }
}

// UniformNoise returns Uniform with a bound.
func UniformNoise(bound float64) Noise {
	return func(r *rand.Rand, x []float32) { Uniform(r, x, bound) }
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

// Bits fills x with uniform 16-bit numbers. Four numbers are one draw of the generator, and each
// call begins with a new draw. An element whose number is below DropoutLimit is dropped.
func Bits(src rand.Source, x []uint16) {
	for ; len(x) >= 4; x = x[4:] {
		v := src.Uint64()
		x[0], x[1], x[2], x[3] = uint16(v), uint16(v>>16), uint16(v>>32), uint16(v>>48)
	}
	if len(x) == 0 {
		return
	}
	v := src.Uint64()
	for i := range x {
		x[i] = uint16(v >> (16 * i))
	}
}

// DropoutLimit returns the number of the 65,536 values of Bits that mean "dropped" for the dropout
// probability p.
func DropoutLimit(p float64) uint32 { return uint32(math.Round(p * (1 << 16))) }

// IsOrder reports whether an order holds each of 0, 1, ... n-1 once.
func IsOrder(order []int32, n int) bool {
	seen := make([]bool, n)
	for _, i := range order {
		if i < 0 || int(i) >= n || seen[i] {
			return false
		}
		seen[i] = true
	}
	return len(order) == n
}
