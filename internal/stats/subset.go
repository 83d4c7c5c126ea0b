package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Tests by sign flips and by permuted labels need the same thing: the sums of many subsets of the
// units, for many samples. Here eight units at a time are looked up in a table of the 256 sums of
// their subsets, and all samples with the same number of units use the same subsets.

// terms are numbers as integers in float64: value = term * 2^-shift. The sum of the magnitudes is
// below 2^53, so all sums of subsets are exact, in any order and with fused steps.
type terms struct {
	list  []float64
	shift int
	total float64
}

// tolerance is what two sums of terms may differ by and still count as equal. It covers the rounding
// of the terms themselves: 2^15 of 2^52.
const tolerance = 1 << 15

// integers rounds values to terms.
func integers(values []float64) terms {
	var bound float64
	for _, v := range values {
		bound += math.Abs(v)
	}
	_, exponent := math.Frexp(bound)
	t := terms{list: make([]float64, len(values)), shift: 52 - exponent}
	for i, v := range values {
		t.list[i] = math.RoundToEven(math.Ldexp(v, t.shift))
		t.total += t.list[i]
	}
	return t
}

// chunk is how many subsets are one piece of work. Each chunk has its own random stream, so the
// result does not depend on who does which.
const chunk = 2048

// A drawing fills in the subsets of a chunk: mask[g][i] has the bits of the units 8g to 8g+7 in
// subset first+i.
type drawing func(mask [][]byte, first int)

// flips draws subsets of n units with one half each: the units whose sign is flipped.
func flips(seed uint64) drawing {
	return func(mask [][]byte, first int) {
		rng := stream(seed, flipStream, first/chunk)
		for _, bits := range mask {
			for i := 0; i < len(bits); i += 8 {
				word := rng.Uint64()
				for j := i; j < min(i+8, len(bits)); j++ {
					bits[j] = byte(word)
					word >>= 8
				}
			}
		}
	}
}

// enumerate has each subset once: those of n units are the numbers below 2^n.
func enumerate(mask [][]byte, first int) {
	for g, bits := range mask {
		for i := range bits {
			bits[i] = byte((first + i) >> (8 * g))
		}
	}
}

// Streams of random numbers that must not be the same.
const (
	flipStream uint64 = iota << 32
	bootstrapStream
	labelStream
)

func stream(seed, kind uint64, chunk int) *rand.PCG {
	return rand.NewPCG(seed, kind+uint64(chunk))
}

// A subsetJob is the sums of one list of terms over subsets.
type subsetJob struct {
	list []float64
	sums []float64 // of each subset
}

// subsetSums fills in the sums of jobs that have the same number of terms and of subsets.
func subsetSums(jobs []*subsetJob, draw drawing) {
	units, times := len(jobs[0].list), len(jobs[0].sums)
	parallel((times+chunk-1)/chunk, func(k int) {
		first := k * chunk
		size := min(chunk, times-first)
		groups := (units + 7) / 8
		all := make([]byte, groups*size)
		mask := make([][]byte, groups)
		for g := range mask {
			mask[g] = all[g*size : (g+1)*size]
		}
		draw(mask, first)
		for some := range slices.Chunk(jobs, lanes) {
			if len(some) >= lanes/2 {
				addTogether(some, first, size, mask)
				continue
			}
			for _, j := range some {
				addSubsets(j.sums[first:first+size], j.list, mask)
			}
		}
	})
}

// addSubsets sums the terms of each subset. Four tables at a time halve the reads and writes of sums.
func addSubsets(sums, list []float64, mask [][]byte) {
	clear(sums)
	var tables [4][256]float64
	for g := 0; g < len(mask); g += 4 {
		var bits [4][]byte
		for k := range tables {
			bits[k] = mask[min(g+k, len(mask)-1)][:len(sums)]
			tabulate(&tables[k], list[min(8*(g+k), len(list)):min(8*(g+k)+8, len(list))])
		}
		b0, b1, b2, b3 := bits[0], bits[1], bits[2], bits[3]
		for i := range sums {
			sums[i] += (tables[0][b0[i]] + tables[1][b1[i]]) + (tables[2][b2[i]] + tables[3][b3[i]])
		}
	}
}

// tabulate sums all subsets of up to eight terms. Bits without terms count nothing.
func tabulate(table *[256]float64, group []float64) {
	table[0] = 0
	size := 1
	for _, v := range group { // each term doubles the table
		for i := range size {
			table[size+i] = table[i] + v
		}
		size *= 2
	}
	for ; size < len(table); size *= 2 {
		copy(table[size:2*size], table[:size])
	}
}
