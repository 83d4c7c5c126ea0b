package learners

import (
	"math"
	"slices"
)

// AUC is the area under the ROC curve: the probability that a random row of the class has a larger
// score than a random other row. Equal scores count one half. It is NaN if one of them is missing.
func AUC(score []float64, is func(row int) bool) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case score[a] < score[b]:
			return -1
		case score[a] > score[b]:
			return 1
		}
		return 0
	})
	// Twice the number of pairs in the right order. Integers have no rounding.
	var twice, inside, below int64
	for i := 0; i < len(order); {
		var same, others int64
		for v := score[order[i]]; i < len(order) && score[order[i]] == v; i++ {
			if is(order[i]) {
				same++
			} else {
				others++
			}
		}
		twice += same * (2*below + others)
		inside += same
		below += others
	}
	if inside == 0 || below == 0 {
		return math.NaN()
	}
	return float64(twice) / float64(2*inside*below)
}

// ClassAUC is the AUC of the second of two classes. With more classes it is the mean of those of
// each class against the rest (scikit-learn's multi_class="ovr"), without classes that do not occur.
func ClassAUC(p *Matrix, class []int32) float64 {
	first := int32(0)
	if p.Width == 2 {
		first = 1
	}
	sum, n := 0.0, 0
	score := make([]float64, p.Rows())
	for c := first; int(c) < p.Width; c++ {
		for i := range score {
			score[i] = p.Row(i)[c]
		}
		if auc := AUC(score, func(row int) bool { return class[row] == c }); !math.IsNaN(auc) {
			sum += auc
			n++
		}
	}
	return sum / float64(n)
}
