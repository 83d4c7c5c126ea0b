package learners

import "math"

// A Code is the length of messages that tell the classes of all rows to somebody who has the vectors.
type Code struct {
	Bits        float64 // by the probabilities of a logistic regression
	Frequencies float64 // by the frequencies of the classes alone
	Uniform     float64 // by equal probabilities
	Rows        int
}

// portions are where the blocks of the message end, as in Voita and Titov (2020).
var portions = []float64{0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1}

// CodeLength is the online (prequential) code length of the classes (Voita and Titov 2020). The first
// block has equal probabilities. Each later one is coded by a logistic regression that has been fitted
// to all blocks before it, with the penalty c of FitLogistic and without class weights. order is the
// order of the rows.
//
// x is standardised. The fits have one more row for each class, at the mean of the vectors, so that
// a class that has not been seen yet has a probability above 0. Frequencies start at 1 for the same
// reason: without information in the vectors, both codes are equal.
func CodeLength(x *Matrix, class []int32, classes int, c float64, order []int) (Code, error) {
	n := len(order)
	nat := float64(n) * log(float64(classes))
	code := Code{Uniform: nat / math.Ln2, Rows: n}
	seen := &Matrix{Width: x.Width, X: make([]float64, classes*x.Width)}
	known := make([]int32, classes)
	count := make([]float64, classes)
	for k := range known {
		known[k], count[k] = int32(k), 1
	}
	start := 0
	for _, portion := range portions {
		end := int(math.Ceil(portion * float64(n)))
		if end == start {
			continue
		}
		block := x.Take(order[start:end])
		p := &Matrix{Width: classes, X: make([]float64, (end-start)*classes)}
		if start == 0 {
			for i := range p.X {
				p.X[i] = 1 / float64(classes)
			}
		} else {
			m, err := FitLogistic(seen, known, classes, nil, c)
			if err != nil {
				return code, err
			}
			p = m.Probabilities(block)
		}
		for i, row := range order[start:end] {
			k := class[row]
			code.Bits -= log(p.Row(i)[k]) / math.Ln2
			share := 1 / float64(classes)
			if start > 0 {
				share = count[k] / float64(start+classes)
			}
			code.Frequencies -= log(share) / math.Ln2
		}
		for _, row := range order[start:end] {
			known = append(known, class[row])
			count[class[row]]++
		}
		seen.X = append(seen.X, block.X...)
		start = end
	}
	return code, nil
}

// QuantileClasses are class numbers of numbers: the quantile intervals between which they lie, at
// most most of them. Numbers with at most so many values keep a class for each value.
func QuantileClasses(value []float64, most int) (class []int32, classes int) {
	edges := edges(value, nil, most)
	class = make([]int32, len(value))
	for i, v := range value {
		class[i] = int32(bin(edges, v))
	}
	// A quantile that occurs twice leaves a class empty: the numbers are closed up.
	used := make([]int32, len(edges)+1)
	for _, c := range class {
		used[c] = 1
	}
	for c, u := range used {
		used[c] = int32(classes)
		classes += int(u)
	}
	for i, c := range class {
		class[i] = used[c]
	}
	return class, classes
}
