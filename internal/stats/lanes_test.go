package stats

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Jobs that are summed together have the sums that each has alone, for any number of jobs, terms and
// subsets.
func TestSumsTogetherAreThoseAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct{ jobs, terms, times int }{
		{1, 3, 8}, {3, 20, 100}, {4, 17, 33}, {7, 1, 2}, {8, 64, chunk}, {9, 129, chunk + 1}, {12, 6034, 300}, {21, 40, 2*chunk + 5},
	} {
		var jobs, alone []*subsetJob
		for range c.jobs {
			j := &subsetJob{list: make([]float64, c.terms), sums: make([]float64, c.times)}
			for i := range j.list {
				j.list[i] = float64(rng.Int64N(1<<40) - 1<<39)
			}
			jobs = append(jobs, j)
			alone = append(alone, &subsetJob{list: j.list, sums: make([]float64, c.times)})
		}
		subsetSums(jobs, flips(1))
		for i, j := range alone {
			subsetSums([]*subsetJob{j}, flips(1))
			if !slices.Equal(j.sums, jobs[i].sums) {
				t.Errorf("%+v: job %d has other sums than alone", c, i)
			}
		}
	}
}

func TestPlainLoopsAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var tables [2][256]octet
	fill := func(o []octet) {
		for i := range o {
			for lane := range o[i] {
				o[i][lane] = float64(rng.IntN(1 << 30))
			}
		}
	}
	fill(tables[0][:])
	fill(tables[1][:])
	for _, n := range []int{0, 1, 5, 100} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			b0, b1 := make([]byte, n), make([]byte, n)
			for i := range b0 {
				b0[i], b1[i] = byte(rng.Uint32()), byte(rng.Uint32())
			}
			got := make([]octet, n)
			fill(got)
			want := slices.Clone(got)
			addOctets(got, &tables, b0, b1)
			addOctetsPlain(want, &tables, b0, b1)
			if !slices.Equal(got, want) {
				t.Error("sums differ")
			}
			term := tables[0][3]
			addTerm(got, want, &term)
			addTermPlain(want, want, &term)
			if !slices.Equal(got, want) {
				t.Error("tables differ")
			}
		})
	}
}
