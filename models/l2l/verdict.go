package l2l

import "math"

// A Verdict is what a classifier says of one image.
type Verdict struct {
	Class int32   // the likeliest, the first of equals
	Loss  float64 // the cross-entropy of the image's label
}

// Verdicts reads the logits of images with the given labels.
func Verdicts(logits []float32, labels []int32) []Verdict {
	out := make([]Verdict, len(labels))
	for i, label := range labels {
		classes := len(logits) / len(labels)
		row := logits[i*classes : (i+1)*classes]
		best := argMax(row)
		var sum float64
		for _, v := range row {
			sum += math.Exp(float64(v) - float64(row[best]))
		}
		out[i] = Verdict{int32(best), math.Log(sum) + float64(row[best]) - float64(row[label])}
	}
	return out
}

// Accuracy is the share of verdicts that are the labels.
func Accuracy(verdicts []Verdict, labels []int32) float64 {
	right := 0
	for i, v := range verdicts {
		if v.Class == labels[i] {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}
