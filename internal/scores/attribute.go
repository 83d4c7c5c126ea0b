package scores

import (
	"math"
	"slices"
)

// BalancedAccuracy is the mean recall over the classes that occur in truth. Users with a negative
// truth, whose attribute is missing, do not count. It is NaN without users.
func BalancedAccuracy(predicted, truth []int32) float64 {
	hits, members := map[int32]int{}, map[int32]int{}
	for i, class := range truth {
		if class < 0 {
			continue
		}
		members[class]++
		if predicted[i] == class {
			hits[class]++
		}
	}
	if len(members) == 0 {
		return math.NaN()
	}
	classes := make([]int32, 0, len(members))
	for class := range members {
		classes = append(classes, class)
	}
	slices.Sort(classes) // sums in a fixed order
	sum := 0.0
	for _, class := range classes {
		sum += float64(hits[class]) / float64(members[class])
	}
	return sum / float64(len(members))
}

// MeanAbsoluteError is the mean distance of predictions from truth, without the users whose truth
// is NaN. It is NaN without users.
func MeanAbsoluteError(predicted, truth []float32) float64 {
	sum, n := 0.0, 0
	for i, v := range truth {
		if math.IsNaN(float64(v)) {
			continue
		}
		sum += math.Abs(float64(predicted[i]) - float64(v))
		n++
	}
	return sum / float64(n)
}

// Majority is the class that occurs most often, the smallest on a tie; -1 for none.
func Majority(truth []int32) int32 {
	counts := map[int32]int{}
	best := int32(-1)
	for _, class := range truth {
		if class >= 0 {
			counts[class]++
		}
	}
	for class, n := range counts {
		if best < 0 || n > counts[best] || (n == counts[best] && class < best) {
			best = class
		}
	}
	return best
}

// Mean of the values that are not NaN.
func Mean(values []float32) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(float64(v)) {
			sum += float64(v)
			n++
		}
	}
	return sum / float64(n)
}

// Median of the values that are not NaN.
func Median(values []float32) float64 {
	known := make([]float32, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(float64(v)) {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return math.NaN()
	}
	slices.Sort(known)
	n := len(known)
	return (float64(known[(n-1)/2]) + float64(known[n/2])) / 2
}
