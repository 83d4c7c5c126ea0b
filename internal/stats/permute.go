package stats

import "slices"

// exactArrangements is up to how many arrangements of the groups all are counted.
const exactArrangements = 1 << 16

// permute fills in the gaps of tests with the same design and groups.
func permute(tests []*gapTest, b Resampling) {
	t := tests[0]
	times, all := max(b.Times, 0), [][]int(nil)
	exact := t.arrangements() <= exactArrangements
	if exact {
		all = t.enumerate()
		times = len(all)
	}
	for _, t := range tests {
		t.gaps, t.exact = make([]float64, times), exact
	}
	repeated := slices.ContainsFunc(t.cells, func(c cell) bool { return c.n != t.cells[0].n })
	parallel((times+chunk-1)/chunk, func(k int) {
		first := k * chunk
		size := min(chunk, times-first)
		masks := newMasks(t.groups-1, t.units, size)
		if exact {
			for i, label := range all[first : first+size] {
				masks.set(i, label)
			}
		} else {
			t.shuffle(b.Seed, k, masks, size)
		}
		counts := newGroupSums(t.groups, size)
		if repeated {
			counts.add(t.counts, masks)
		} else {
			counts.fixed(t.counts, t.label)
		}
		sums := newGroupSums(t.groups, size)
		sum, count := make([]float64, t.groups), make([]float64, t.groups)
		for _, t := range tests {
			sums.add(t.values, masks)
			for i := range size {
				for g := range t.groups {
					sum[g], count[g] = sums[g][i], counts[g][i]
				}
				t.gaps[first+i] = gapOf(sum, count, t.counts.shift)
			}
		}
	})
}

// shuffle draws permutations of the labels within strata.
func (t *gapTest) shuffle(seed uint64, k int, masks groupMasks, size int) {
	rng := stream(seed, labelStream, k)
	label := slices.Clone(t.label)
	for i := range size {
		for _, s := range t.strata {
			for j := len(s) - 1; j > 0; j-- {
				a, b := s[j], s[below(rng.Uint64(), j+1)]
				label[a], label[b] = label[b], label[a]
			}
		}
		masks.set(i, label)
	}
}

// arrangements is the number of different arrangements of the labels.
func (t *gapTest) arrangements() float64 {
	product := 1.0
	for _, s := range t.strata {
		count := make([]float64, t.groups)
		for n, unit := range s { // (n+1)! / (count! ...), one unit after the other
			count[t.label[unit]]++
			product *= float64(n+1) / count[t.label[unit]]
		}
	}
	return product
}

// enumerate lists all arrangements of the labels.
func (t *gapTest) enumerate() [][]int {
	label := slices.Clone(t.label)
	for _, s := range t.strata {
		place(label, s, sortedLabels(label, s))
	}
	var list [][]int
	for {
		list = append(list, slices.Clone(label))
		k := 0
		for k < len(t.strata) && !next(label, t.strata[k]) { // like the digits of a number
			place(label, t.strata[k], sortedLabels(label, t.strata[k]))
			k++
		}
		if k == len(t.strata) {
			return list
		}
	}
}

func sortedLabels(label, units []int) []int {
	var list []int
	for _, unit := range units {
		list = append(list, label[unit])
	}
	slices.Sort(list)
	return list
}

func place(label, units, values []int) {
	for i, unit := range units {
		label[unit] = values[i]
	}
}

// next moves to the next arrangement of the labels of some units in lexical order, and reports
// whether there is one.
func next(label, units []int) bool {
	at := func(i int) *int { return &label[units[i]] }
	i := len(units) - 2
	for i >= 0 && *at(i) >= *at(i + 1) {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(units) - 1
	for *at(j) <= *at(i) {
		j--
	}
	*at(i), *at(j) = *at(j), *at(i)
	for a, b := i+1, len(units)-1; a < b; a, b = a+1, b-1 {
		*at(a), *at(b) = *at(b), *at(a)
	}
	return true
}

// groupMasks holds the units of each group but the last, for the permutations of a chunk. See
// drawing for the bits.
type groupMasks [][][]byte

func newMasks(groups, units, size int) groupMasks {
	m := make(groupMasks, groups)
	for g := range m {
		m[g] = make([][]byte, (units+7)/8)
		for i := range m[g] {
			m[g][i] = make([]byte, size)
		}
	}
	return m
}

// set writes one permutation.
func (m groupMasks) set(i int, label []int) {
	for unit, g := range label {
		if g < len(m) {
			m[g][unit/8][i] |= 1 << (unit % 8)
		}
	}
}

// groupSums has the sum over each group, for the permutations of a chunk.
type groupSums [][]float64

func newGroupSums(groups, size int) groupSums {
	s := make(groupSums, groups)
	for g := range s {
		s[g] = make([]float64, size)
	}
	return s
}

// add computes the sums. The last group has what the others leave.
func (s groupSums) add(t terms, masks groupMasks) {
	last := s[len(s)-1]
	for i := range last {
		last[i] = t.total
	}
	for g, mask := range masks {
		addSubsets(s[g], t.list, mask)
		for i, sum := range s[g] {
			last[i] -= sum
		}
	}
}

// fixed fills in sums that no permutation changes.
func (s groupSums) fixed(t terms, label []int) {
	for unit, g := range label {
		s[g][0] += t.list[unit]
	}
	for _, sums := range s {
		for i := range sums {
			sums[i] = sums[0]
		}
	}
}
