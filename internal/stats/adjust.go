package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm corrects the p values of a family so that the chance of any false discovery stays below the
// threshold. The k-th smallest of m is multiplied by m-k+1. No corrected value is below an earlier
// one (the running maximum). NaN is a test that was not made: it stays NaN and does not count.
func Holm(p []float64) []float64 {
	adjusted, order := sorted(p)
	m, least := float64(len(order)), 0.0
	for k, i := range order {
		least = max(least, min(1, (m-float64(k))*p[i]))
		adjusted[i] = least
	}
	return adjusted
}

// BenjaminiHochberg corrects the p values of a family so that the expected share of false
// discoveries stays below the threshold. The k-th smallest of m is multiplied by m/k. No corrected
// value is above a later one (the running minimum). NaN is a test that was not made: it stays NaN
// and does not count.
func BenjaminiHochberg(p []float64) []float64 {
	adjusted, order := sorted(p)
	m, most := float64(len(order)), 1.0
	for k, i := range slices.Backward(order) {
		most = min(most, m*p[i]/float64(k+1))
		adjusted[i] = most
	}
	return adjusted
}

// sorted is a list of NaN for the results, and the tests that were made, by rising p.
func sorted(p []float64) (adjusted []float64, order []int) {
	adjusted = make([]float64, len(p))
	for i, v := range p {
		adjusted[i] = math.NaN()
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	return adjusted, order
}
