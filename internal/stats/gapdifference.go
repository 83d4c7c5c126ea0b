package stats

import (
	"cmp"
	"math"
	"slices"
)

// A GapPair is two rows of results of the same units, of which each has a gap between groups of units.
type GapPair struct {
	A, B  Sample  // the same units in the same blocks, in one order, without classes
	Group []int32 // of each value; a negative group is none
	// Signed: there are two groups, and a gap is the mean of First minus that of the other one.
	// Otherwise a gap is the largest mean minus the smallest one, which may be of other groups in A
	// than in B.
	Signed bool
	First  int32
}

// GapDifferences tests whether the gap of A differs from that of B, for many pairs of rows.
//
// If two rows treat the groups alike, it does not matter which row a value of a unit is from, except
// for what one row adds to all values, which moves no gap. So the rows are first set to the same mean.
// Then the values of some units change places, all values of a unit together, and P is the share of
// such swaps whose gaps differ as much as the ones that were seen. Swaps are sign flips of
// differences: see Randomisation for their number and for small P.
//
// The interval is Student's for the groups that make the gaps in A and in B, with a variance for each
// group and units as draws.
func GapDifferences(pairs []GapPair, level float64, b Resampling) []Result {
	results := make([]Result, len(pairs))
	parallel(len(pairs), func(i int) {
		t, reason := newGapDifference(pairs[i])
		if reason == "" && !validLevel(level) {
			reason = reasonLevel
		}
		if reason != "" {
			results[i] = undecided(undefined(reason), reason)
			return
		}
		e, _ := t.interval(level)
		results[i] = newGapSwap(t).test(e, b)
	})
	return results
}

// GapDifferenceT tests with Student's t whether the gap of A differs from that of B. See
// GapDifferences for the interval.
func GapDifferenceT(pair GapPair, level float64) Result {
	t, reason := newGapDifference(pair)
	if reason != "" {
		return undecided(undefined(reason), reason)
	}
	e, v := t.interval(level)
	if e.Reason != "" {
		return undecided(e, e.Reason)
	}
	return Result{Difference: e, P: studentP(e.Value/math.Sqrt(v.variance), v.df), Effect: math.NaN(), N: e.N}
}

// A gapDifference is a pair with its values in an order that does not depend on the caller's.
type gapDifference struct {
	rows    []gapRow // by group, unit, block
	n       int
	size    []float64    // values in each group
	means   [2][]float64 // of each group in both rows
	units   []gapUnit    // by group
	signed  bool
	first   int     // of a signed gap
	largest float64 // magnitude of a value
	shift   float64 // the mean of A minus the mean of B
}

type gapRow struct {
	values      [2]float64
	unit, block int32
	group       int32
	index       int // of the group
}

// A gapUnit is a unit with the sum of its differences A-B, without the shift.
type gapUnit struct {
	group int
	sum   float64
}

func newGapDifference(p GapPair) (*gapDifference, string) {
	n := len(p.A.Values)
	if p.A.unequal() || len(p.B.Values) != n || len(p.Group) != n {
		panic("stats: the slices of a pair differ in length")
	}
	t := &gapDifference{signed: p.Signed}
	for i, group := range p.Group {
		r := p.A.row(i)
		row := gapRow{values: [2]float64{r.value, p.B.Values[i]}, unit: r.unit, block: r.block, group: group}
		switch a, b := row.values[0], row.values[1]; {
		case group < 0 || math.IsNaN(a) || math.IsNaN(b):
			continue
		case math.IsInf(a, 0) || math.IsInf(b, 0):
			return nil, reasonInfinite
		default:
			t.largest = max(t.largest, math.Abs(a), math.Abs(b))
		}
		t.rows = append(t.rows, row)
	}
	t.n = len(t.rows)
	switch {
	case t.n == 0:
		return nil, reasonEmpty
	case math.IsInf(t.largest*float64(2*t.n), 0):
		return nil, reasonLarge
	}
	slices.SortFunc(t.rows, func(a, b gapRow) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.unit, b.unit), cmp.Compare(a.block, b.block),
			cmp.Compare(a.values[0], b.values[0]), cmp.Compare(a.values[1], b.values[1]))
	})
	group := map[int32]int32{} // of each unit
	for i := range t.rows {
		r := &t.rows[i]
		if known, ok := group[r.unit]; ok && known != r.group {
			return nil, reasonTwoGroups
		}
		group[r.unit] = r.group
		if i == 0 || r.group != t.rows[i-1].group {
			if r.group == p.First {
				t.first = len(t.size)
			}
			t.size = append(t.size, 0)
		}
		r.index = len(t.size) - 1
		t.size[r.index]++
	}
	if len(t.size) < 2 || t.signed && len(t.size) > 2 {
		return nil, reasonGroups
	}
	t.sum()
	return t, ""
}

// sum fills in the means and the units.
func (t *gapDifference) sum() {
	start := 0
	for _, size := range t.size {
		rows := t.rows[start : start+int(size)]
		start += len(rows)
		for k := range t.means {
			t.means[k] = append(t.means[k], meanOf(len(rows), func(i int) float64 { return rows[i].values[k] }))
		}
	}
	difference := func(i int) float64 { return t.rows[i].values[0] - t.rows[i].values[1] }
	t.shift = meanOf(t.n, difference)
	for i, r := range t.rows {
		if i == 0 || r.unit != t.rows[i-1].unit || r.index != t.rows[i-1].index {
			t.units = append(t.units, gapUnit{group: r.index})
		}
		// What rounding leaves of a difference that is only the shift is no difference.
		const rounding = 1e-14
		if d := difference(i) - t.shift; math.Abs(d) > rounding*t.largest {
			t.units[len(t.units)-1].sum += d
		}
	}
}

// meanOf is the mean of n values. The second pass keeps the digits that the sum loses.
func meanOf(n int, value func(int) float64) float64 {
	var sum, rest float64
	for i := range n {
		sum += value(i)
	}
	mean := sum / float64(n)
	for i := range n {
		rest += value(i) - mean
	}
	return mean + rest/float64(n)
}

// gap is the gap between means, and the groups of which it is the difference.
func (t *gapDifference) gap(means []float64) (value float64, of, minus int) {
	of, minus = t.first, 1-t.first
	if !t.signed {
		of, minus = slices.Index(means, slices.Max(means)), slices.Index(means, slices.Min(means))
	}
	return means[of] - means[minus], of, minus
}

// seen is the difference of the gaps.
func (t *gapDifference) seen() float64 {
	a, _, _ := t.gap(t.means[0])
	b, _, _ := t.gap(t.means[1])
	return a - b
}

// interval is the difference of the gaps with a t interval, and its variance.
func (t *gapDifference) interval(level float64) (Estimate, spread) {
	e := Estimate{Value: t.seen(), Low: math.NaN(), High: math.NaN(), N: t.n, Units: len(t.units)}
	weights := [2][]float64{make([]float64, len(t.size)), make([]float64, len(t.size))}
	for k, sign := range []float64{1, -1} {
		_, of, minus := t.gap(t.means[k])
		weights[k][of], weights[k][minus] = sign, -sign
	}
	influence := make([]float64, len(t.units)) // of each unit on the difference
	unit := -1
	for i, r := range t.rows {
		if i == 0 || r.unit != t.rows[i-1].unit || r.index != t.rows[i-1].index {
			unit++
		}
		var sum float64
		for k, v := range r.values {
			sum += float64(weights[k][r.index] * (v - t.means[k][r.index])) // the conversion forbids a fused step
		}
		influence[unit] += sum / t.size[r.index]
	}
	squares, members := make([]float64, len(t.size)), make([]float64, len(t.size))
	for i, u := range t.units {
		squares[u.group] += float64(influence[i] * influence[i])
		members[u.group]++
	}
	v := spread{}
	var df float64
	for g, sum := range squares {
		if weights[0][g] == 0 && weights[1][g] == 0 {
			continue
		}
		if members[g] < 2 {
			return e.without(reasonGroup), v
		}
		sum *= members[g] / (members[g] - 1)
		v.variance += sum
		df += float64(sum*sum) / (members[g] - 1)
	}
	v.df = float64(v.variance*v.variance) / df
	const rounding = 1e-14
	switch {
	case !validLevel(level):
		return e.without(reasonLevel), v
	case math.Sqrt(v.variance) <= rounding*t.largest:
		return e.without(reasonEqual), v
	case math.IsInf(v.variance, 0) || !(v.df > 0):
		return e.without(reasonRange), v
	}
	return e.around(level, v), v
}
