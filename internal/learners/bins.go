package learners

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// edges are the upper ends of all bins of a column but the last, as scikit-learn's histogram trees
// choose them: the middles between values if there are at most most of them, otherwise quantiles of
// the rows with their weights. weight nil is 1 for all.
func edges(column, weight []float64, most int) []float64 {
	order := make([]int, len(column))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(column[a], column[b]), a-b) })
	sorted := make([]float64, len(column))
	for to, i := range order {
		sorted[to] = column[i]
	}
	var out []float64
	if values := slices.Compact(slices.Clone(sorted)); len(values) <= most {
		for i := 1; i < len(values); i++ {
			out = append(out, values[i-1]+float64((values[i]-values[i-1])/2))
		}
		return out
	}
	// A quantile between two rows is the middle of both. Numbers of rows are exact within the tolerance;
	// sums of weights are compared like scikit-learn's, with the same rounding.
	tolerance := 0.0
	if weight == nil {
		tolerance = 1e-6
	}
	weight = ones(weight, len(column))
	total := 0.0
	for _, i := range order {
		total += weight[i]
	}
	at, below := 0, weight[order[0]]
	for b := 1; b < most; b++ {
		goal := float64(float64(b) * (100 / float64(most)) / 100 * total)
		for below < goal-tolerance && at+1 < len(order) {
			at++
			below += weight[order[at]]
		}
		v := sorted[at]
		if below-goal <= tolerance+0x1p-52 && at+1 < len(order) {
			v += float64((sorted[at+1] - v) / 2)
		}
		if len(out) == 0 || v > out[len(out)-1] {
			out = append(out, v)
		}
	}
	return out
}

// bin is the bin of a value: the number of edges below it.
func bin(edges []float64, v float64) int { return sort.SearchFloat64s(edges, v) }

const maxBins = 255

// A binned matrix has a column of bins for each column of numbers.
type binned struct {
	edges [][]float64
	bins  [][]uint8
	start []int // of each column's bins among those of all columns, and their number
}

func newBinned(x *Matrix, weight []float64) *binned {
	b := &binned{edges: make([][]float64, x.Width), bins: make([][]uint8, x.Width), start: make([]int, x.Width+1)}
	column := make([]float64, x.Rows())
	for j := range x.Width {
		for i := range column {
			column[i] = x.Row(i)[j]
		}
		b.edges[j] = edges(column, weight, maxBins)
		b.bins[j] = make([]uint8, len(column))
		for i, v := range column {
			b.bins[j][i] = uint8(bin(b.edges[j], v))
		}
		b.start[j+1] = b.start[j] + len(b.edges[j]) + 1
	}
	return b
}

// median of numbers, which it sorts.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
