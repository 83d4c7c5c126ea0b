package stats

import (
	"math/bits"
	"slices"
)

// nth is the element that sorting would put at index k. It reorders the values, of which none is NaN.
func nth(values []float64, k int) float64 {
	const short = 16
	rounds := 2 * bits.Len(uint(len(values))) // enough, unless the pivots are bad
	for ; len(values) > short && rounds > 0; rounds-- {
		last := len(values) - 1
		a, b, c := values[0], values[last/2], values[last]
		pivot := max(min(a, b), min(max(a, b), c)) // the middle one
		i, j := 0, last
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch { // up to j, values are at most the pivot; from i on, at least
		case k <= j:
			values = values[:j+1]
		case k >= i:
			values, k = values[i:], k-i
		default:
			return pivot
		}
	}
	slices.Sort(values)
	return values[k]
}
