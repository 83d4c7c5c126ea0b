package stats

import (
	"math"
	"slices"
)

// Ranks is the comparison of two independent samples by ranks.
type Ranks struct {
	// U is the number of pairs, a value of each sample, in which the first sample has the higher
	// value. An equal pair counts half. Above is the share of such pairs: 0.5 without a difference.
	U, Above float64
	// Shift is Hodges and Lehmann's estimate of how much higher the first sample is: the median of
	// the differences of all pairs. Its interval has the shifts that the test does not reject, and
	// covers at least the level if the two distributions differ by a shift. Shift.N counts the values
	// of both samples.
	Shift  Estimate
	P      float64 // two-sided: twice the smaller tail, at most 1
	Least  float64 // the smallest p that this test can give, as in Result
	Reason string  // why P is NaN; empty if it is not
}

// mostRanked is up to how many values, in both samples together, MannWhitney counts. The time of a
// count grows with the fourth power.
const mostRanked = 100

// MannWhitney tests whether two independent samples are from the same distribution. It is for few
// values, such as one number for each of ten seeds: it counts all ways to divide the values between
// the samples, and assumes no form of the distribution. Equal values share the mean of their ranks.
// Missing values are left out.
//
// The seeds of two programs are not pairs: their random numbers differ. If they are, or if a row of
// units is known, use Randomisation.
func MannWhitney(a, b []float64, level float64) Ranks {
	a, b = present(a), present(b)
	n := len(a) + len(b)
	differences, reason := differences(a, b)
	if reason == "" && n > mostRanked {
		reason = "too many values to count all divisions"
	}
	if reason != "" {
		shift := undefined(reason)
		shift.N, shift.Units = n, n
		return Ranks{U: math.NaN(), Above: math.NaN(), Shift: shift, P: math.NaN(), Least: math.NaN(), Reason: reason}
	}
	twice := twiceRanks(slices.Concat(a, b))
	seen := 0
	for _, r := range twice[:len(a)] {
		seen += r
	}
	counts := divisions(twice, len(a))
	result := Ranks{
		U: float64(seen-len(a)*(len(a)+1)) / 2,
		P: counts.twoSided(seen), Least: min(counts.twoSided(counts.lowest()), counts.twoSided(counts.highest())),
		Shift: shift(differences, len(a), level),
	}
	result.Shift.N, result.Shift.Units = n, n
	result.Above = result.U / float64(len(differences))
	return result
}

// present returns the values that are not missing.
func present(values []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(values), math.IsNaN)
}

// differences returns the differences of all pairs, in order.
func differences(a, b []float64) (list []float64, reason string) {
	if len(a) == 0 || len(b) == 0 {
		return nil, reasonEmpty
	}
	for _, v := range slices.Concat(a, b) {
		if math.IsInf(v, 0) {
			return nil, reasonInfinite
		}
	}
	for _, v := range a {
		for _, w := range b {
			if math.IsInf(v-w, 0) {
				return nil, reasonLarge
			}
			list = append(list, v-w)
		}
	}
	slices.Sort(list)
	return list, ""
}

// twiceRanks returns twice the rank of each value, counted from 1. Equal values have the mean of
// their ranks, so that only twice a rank is always whole.
func twiceRanks(values []float64) []int {
	sorted := slices.Sorted(slices.Values(values))
	ranks := make([]int, len(values))
	for i, v := range values {
		first, _ := slices.BinarySearch(sorted, v)
		last := first
		for last+1 < len(sorted) && sorted[last+1] == v {
			last++
		}
		ranks[i] = first + last + 2
	}
	return ranks
}

// rankSums counts, by the sum of the first sample's ranks, the ways to divide values between two
// samples. Up to 56 values the counts are exact, then they are rounded.
type rankSums []float64

// divisions counts the ways to choose m of the ranks.
func divisions(ranks []int, m int) rankSums {
	most := 0
	for _, r := range ranks {
		most += r
	}
	counts := make([]rankSums, m+1) // by the number of ranks that are chosen
	for k := range counts {
		counts[k] = make(rankSums, most+1)
	}
	counts[0][0] = 1
	for _, r := range ranks {
		for k := m; k > 0; k-- { // downwards, so that a rank is chosen once
			for sum := most; sum >= r; sum-- {
				counts[k][sum] += counts[k-1][sum-r]
			}
		}
	}
	return counts[m]
}

func (c rankSums) total() (sum float64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

func (c rankSums) lowest() int { return slices.IndexFunc(c, func(n float64) bool { return n > 0 }) }

func (c rankSums) highest() int {
	last := len(c) - 1
	for c[last] == 0 {
		last--
	}
	return last
}

// twoSided is twice the share of the smaller tail from a sum on.
func (c rankSums) twoSided(sum int) float64 {
	return min(1, 2*min(c[:sum+1].total(), c[sum:].total())/c.total())
}

// shift is the estimate from the differences of all pairs with a sample of m values. If 0 is below
// the k-th lowest difference, fewer than k pairs speak for the second sample. So the interval ends
// at the largest k for which the test rejects k-1 pairs, and likewise at the other side. Its
// distribution is that without equal values; with equal values the interval covers more.
func shift(differences []float64, m int, level float64) Estimate {
	pairs := len(differences)
	e := Estimate{Value: (differences[(pairs-1)/2] + differences[pairs/2]) / 2}
	if !validLevel(level) {
		return e.without(reasonLevel)
	}
	twice := make([]int, m+pairs/m)
	for i := range twice {
		twice[i] = 2 * (i + 1)
	}
	counts := divisions(twice, m)
	const rounding = 1e-12
	allowed := (1 - level) * (1 + rounding)
	k, none := 0, counts.lowest()
	for k < (pairs+1)/2 && counts.twoSided(none+2*k) <= allowed {
		k++
	}
	if k == 0 {
		return e.without("too few values for the level")
	}
	e.Low, e.High = differences[k-1], differences[pairs-k]
	return e
}
