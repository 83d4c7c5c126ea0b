package stats

import (
	"math/rand/v2"
	"testing"
)

// manySamples is a table of results of users: 36 rows of 7 columns. Every fourth column is a mean
// over seven classes.
func manySamples() (samples []Sample, groups [][]int32) {
	const users, rows, columns = 6034, 36, 7
	rng := rand.New(rand.NewPCG(1, 2))
	unit, block, class := make([]int32, users), make([]int32, users), make([]int32, users)
	for i := range unit {
		unit[i], block[i], class[i] = int32(i), int32(i%5), int32(rng.IntN(7))
	}
	for i := range rows * columns {
		s := Sample{Values: make([]float64, users), Unit: unit, Block: block}
		for j := range s.Values {
			s.Values[j] = 0.01 + rng.NormFloat64()
		}
		groups = append(groups, class)
		if i%4 == 3 {
			s.Class = class
		}
		samples = append(samples, s)
	}
	return samples, groups
}

func BenchmarkRandomisationAll(b *testing.B) {
	samples, _ := manySamples()
	for b.Loop() {
		RandomisationAll(samples, 0.95, Resampling{Times: 9999, Seed: 1})
	}
}

func BenchmarkBootstrapAll(b *testing.B) {
	samples, _ := manySamples()
	for b.Loop() {
		BootstrapAll(samples, 0.95, Resampling{Times: 2000, Seed: 1})
	}
}

func BenchmarkGroupGapAll(b *testing.B) {
	samples, groups := manySamples()
	for i := range samples {
		samples[i].Class = nil
	}
	for b.Loop() {
		GroupGapAll(samples, groups, 0.95, Resampling{Times: 9999, Seed: 1})
	}
}
