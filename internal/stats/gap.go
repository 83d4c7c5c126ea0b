package stats

import (
	"encoding/binary"
	"math"
	"slices"
)

// A Gap is the difference between the groups with the largest and the smallest mean, beside the gaps
// that chance makes.
type Gap struct {
	Value             float64
	Largest, Smallest int32      // the groups
	Groups            []int32    // rising
	Means             []Estimate // of each group, with a t interval
	// Difference is the gap with a t interval for the difference between these two groups (Welch's).
	// The groups were chosen by their means, so with more than two groups the interval is wide enough
	// to hold for all pairs of them together (Bonferroni).
	Difference Estimate
	// Chance is the mean gap of permuted groups. A gap over several groups is positive by chance.
	// Bound is the gap that permuted groups exceed with a probability of 1 - level.
	Chance, Bound float64
	P             float64 // the share of permutations with a gap at least as large
	Least         float64 // the smallest p that the test can give
	N, Units      int     // values and units in groups
	Exact         bool    // all arrangements of the groups were counted, not a random part
	Reason        string  // why P is NaN; empty if it is not
}

// GroupGap tests whether the means of groups of units differ by more than chance. The groups are
// permuted over the units of the same fold, all values of a unit together. A negative group is none:
// the value is left out. All values of a unit must have the same group. With two groups this is the
// test of a pair. On paired differences it asks whether a change hits the groups unequally.
//
// There is no test of a mean over classes: Class must be nil.
func GroupGap(s Sample, group []int32, level float64, b Resampling) Gap {
	return GroupGapAll([]Sample{s}, [][]int32{group}, level, b)[0]
}

// GroupGapAll is GroupGap of many samples. Samples that have the same units in the same blocks and
// groups share their permutations, and each result is what GroupGap returns for the sample alone.
func GroupGapAll(samples []Sample, groups [][]int32, level float64, b Resampling) []Gap {
	if len(groups) != len(samples) {
		panic("stats: each sample needs its groups")
	}
	gaps := make([]Gap, len(samples))
	tests := make([]*gapTest, len(samples))
	parallel(len(samples), func(i int) {
		gaps[i], tests[i] = newGapTest(samples[i], groups[i], level)
	})
	for _, same := range together(tests) {
		permute(same, b)
	}
	parallel(len(samples), func(i int) {
		if tests[i] != nil {
			tests[i].finish(&gaps[i], level)
		}
	})
	return gaps
}

// GapOf is GroupGap without its test: Chance, Bound and P are not known.
func GapOf(s Sample, group []int32, level float64) Gap {
	gap, _ := newGapTest(s, group, level)
	return gap
}

// A gapTest is a sample whose units have groups.
type gapTest struct {
	*design
	label  []int // of each unit: the index of its group
	groups int
	values terms     // the sum of the values of each unit
	counts terms     // the number of the values of each unit
	gaps   []float64 // of the permuted groups, in terms
	exact  bool
}

// newGapTest prepares a test, or says why there is none.
func newGapTest(s Sample, group []int32, level float64) (Gap, *gapTest) {
	if len(group) != len(s.Values) {
		panic("stats: the groups and the values of a sample differ in length")
	}
	nan := math.NaN()
	gap := Gap{Value: nan, Largest: -1, Smallest: -1, Chance: nan, Bound: nan, P: nan, Least: nan}
	fail := func(reason string) (Gap, *gapTest) {
		gap.Difference, gap.Reason = undefined(reason), reason
		return gap, nil
	}
	if s.Class != nil {
		return fail("a gap between means over classes has no test")
	}
	s.Values = slices.Clone(s.Values)
	for i, g := range group {
		if g < 0 {
			s.Values[i] = nan
		}
	}
	a, reason := arrange(s)
	if reason != "" {
		return fail(reason)
	}
	s.Class = group // the means of the classes are now those of the groups
	byGroup, reason := arrange(s)
	if reason != "" {
		return fail(reason)
	}
	gap.N, gap.Units, gap.Groups = a.n, a.units, byGroup.classes
	for class := range byGroup.classes {
		gap.Means = append(gap.Means, byGroup.only(class).Interval(level))
	}
	switch {
	case len(byGroup.classes) < 2:
		return fail(reasonGroups)
	case len(byGroup.cells) > a.units:
		return fail(reasonTwoGroups)
	case !validLevel(level):
		return fail(reasonLevel)
	}
	largest, smallest := slices.Max(byGroup.means), slices.Min(byGroup.means)
	gap.Value = largest - smallest
	of, minus := slices.Index(byGroup.means, largest), slices.Index(byGroup.means, smallest)
	gap.Largest, gap.Smallest = gap.Groups[of], gap.Groups[minus]
	gap.Difference = byGroup.between(of, minus, level)

	count := make([]float64, a.units)
	for k, c := range a.cells {
		count[k] = c.n
	}
	t := &gapTest{design: a.design, label: make([]int, a.units), groups: len(gap.Groups), values: integers(a.sum), counts: integers(count)}
	for _, c := range byGroup.cells {
		t.label[c.unit] = c.class
	}
	return gap, t
}

// only is the sample of one class.
func (a *arranged) only(class int) Sample {
	var s Sample
	for _, r := range a.rows {
		if a.cells[r.cell].class == class {
			s.Values = append(s.Values, r.value)
			s.Unit = append(s.Unit, r.unit)
		}
	}
	return s
}

// between is the mean of one class minus that of another one, which may be the same, with an interval
// that holds for all pairs of classes together.
func (a *arranged) between(of, minus int, level float64) Estimate {
	if of == minus { // all means are equal
		minus = (of + 1) % len(a.means)
	}
	var two Sample
	for _, r := range a.rows {
		if c := a.cells[r.cell].class; c == of || c == minus {
			two.Values, two.Unit, two.Class = append(two.Values, r.value), append(two.Unit, r.unit), append(two.Class, int32(c))
		}
	}
	b, _ := arrange(two)
	e := b.estimate()
	e.Value = a.means[of] - a.means[minus]
	v, reason := b.variance()
	switch reason {
	case "":
	case reasonClass:
		return e.without(reasonGroup)
	case reasonAlike:
		return e.without("all units of a group have the same value")
	default:
		return e.without(reason)
	}
	v.variance *= 4 // of twice the mean over both classes
	pairs := len(a.means) * (len(a.means) - 1) / 2
	return e.around(1-(1-level)/float64(pairs), v)
}

// together groups tests that can share their permutations.
func together(tests []*gapTest) [][]*gapTest {
	index := map[string]int{}
	var list [][]*gapTest
	for _, t := range tests {
		if t == nil {
			continue
		}
		key := []byte(t.key())
		for _, g := range t.label {
			key = binary.LittleEndian.AppendUint32(key, uint32(g))
		}
		i, ok := index[string(key)]
		if !ok {
			i = len(list)
			index[string(key)] = i
			list = append(list, nil)
		}
		list[i] = append(list[i], t)
	}
	return list
}

// finish counts the permutations.
func (t *gapTest) finish(gap *Gap, level float64) {
	if len(t.gaps) == 0 {
		gap.Reason = reasonDraws
		return
	}
	sums, counts := make([]float64, t.groups), make([]float64, t.groups)
	for unit, g := range t.label {
		sums[g] += t.values.list[unit]
		counts[g] += t.counts.list[unit]
	}
	slack := tolerance / math.Ldexp(slices.Min(counts), -t.counts.shift)
	// atLeast is how many of the permutations have a gap that is as large.
	atLeast := func(bound float64) (n float64) {
		for _, g := range t.gaps {
			if g >= bound-slack {
				n++
			}
		}
		return n
	}
	seen := gapOf(sums, counts, t.counts.shift)
	all := float64(len(t.gaps))
	if gap.Exact = t.exact; t.exact {
		gap.P, gap.Least = atLeast(seen)/all, atLeast(slices.Max(t.gaps))/all
	} else {
		gap.P, gap.Least = (atLeast(seen)+1)/(all+1), 1/(all+1)
	}
	var sum float64
	slices.Sort(t.gaps)
	for _, g := range t.gaps {
		sum += g
	}
	gap.Chance = math.Ldexp(sum/all, -t.values.shift)
	gap.Bound = math.Ldexp(percentile(t.gaps, level), -t.values.shift)
}

// gapOf is the largest mean minus the smallest one, in terms.
func gapOf(sums, counts []float64, shift int) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for g, sum := range sums {
		mean := sum / math.Ldexp(counts[g], -shift)
		low, high = min(low, mean), max(high, mean)
	}
	return high - low
}
