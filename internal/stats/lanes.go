package stats

// lanes is how many jobs are summed together: two AVX2 registers of float64.
const lanes = 8

// An octet is a number for each of the jobs that are summed together.
type octet [lanes]float64

// addTogether is addSubsets of several jobs, for the subsets from first on. One look at a mask serves
// all jobs, and vector instructions add their terms. The sums are of integers, so they are the same
// as those of addSubsets.
func addTogether(jobs []*subsetJob, first, size int, mask [][]byte) {
	sums := make([]octet, size)
	var tables [2][256]octet
	for g := 0; g < len(mask); g += len(tables) {
		var bits [len(tables)][]byte
		for k := range tables {
			bits[k] = mask[min(g+k, len(mask)-1)]
			tabulateTogether(&tables[k], jobs, 8*(g+k))
		}
		addOctets(sums, &tables, bits[0], bits[1])
	}
	for lane, j := range jobs {
		for i := range sums {
			j.sums[first+i] = sums[i][lane]
		}
	}
}

// tabulateTogether is tabulate for eight terms of each job. Terms beyond the end of a list are zero.
func tabulateTogether(table *[256]octet, jobs []*subsetJob, at int) {
	table[0] = octet{}
	for size := 1; size < len(table); size *= 2 {
		var term octet
		for lane, j := range jobs {
			if at < len(j.list) {
				term[lane] = j.list[at]
			}
		}
		at++
		addTerm(table[size:2*size], table[:size], &term)
	}
}

func addOctetsPlain(sums []octet, tables *[2][256]octet, b0, b1 []byte) {
	b0, b1 = b0[:len(sums)], b1[:len(sums)]
	for i := range sums {
		s, x, y := &sums[i], &tables[0][b0[i]], &tables[1][b1[i]]
		for lane := range s {
			s[lane] += x[lane] + y[lane]
		}
	}
}

func addTermPlain(to, from []octet, term *octet) {
	for i := range from {
		for lane := range term {
			to[i][lane] = from[i][lane] + term[lane]
		}
	}
}
