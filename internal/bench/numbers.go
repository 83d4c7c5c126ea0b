package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Median of at least one value.
func Median(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// steady is the largest ratio of the highest to the lowest number of single rounds. Above it, the
// table warns the reader.
const steady = 1.5

// Steady reports whether values are close to each other. There must be at least one.
func Steady(x ...float64) bool { return slices.Max(x) <= steady*slices.Min(x) }

// List parses comma-separated values, for flags.
func List[T any](s string, parse func(string) (T, error)) ([]T, error) {
	var out []T
	for part := range strings.SplitSeq(s, ",") {
		v, err := parse(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Positive parses a number of things.
func Positive(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a positive whole number", s)
	}
	return n, nil
}
