// Package losses holds the losses of classifiers for one image at a time, with their gradients. The
// formulas are those of the graphs in packages graphs and l2l, in float32 as there: where a
// probability is 1 in float32, the gradient of its cross-entropy is 0.
package losses

import "math"

// CrossEntropy returns -log p(label) of logits, multiplied by weight, and writes its gradient in the
// logits to d.
func CrossEntropy(logits []float32, label int32, weight float32, d []float32) float64 {
	logSoftmax(logits, d)
	loss := -float64(weight) * float64(d[label])
	for i, v := range d {
		d[i] = weight * exp(v)
	}
	d[label] -= weight
	return loss
}

// SmoothedCrossEntropy is CrossEntropy with part of the label distributed evenly over all classes but
// other.
func SmoothedCrossEntropy(logits []float32, label, other int32, part, weight float32, d []float32) (loss float64) {
	logSoftmax(logits, d)
	share := part / float32(len(logits)-1)
	for i, v := range d {
		var target float32
		if int32(i) == label {
			target += 1 - part
		}
		if int32(i) != other {
			target += share
		}
		loss -= float64(weight * target * v)
		d[i] = weight * (exp(v) - target)
	}
	return loss
}

// Divergence returns KL(p || q) of the class distributions with logits p and q, multiplied by weight.
// It writes its gradients to dp and dq. A nil gradient is not computed.
func Divergence(p, q []float32, weight float32, dp, dq []float32) float64 {
	logP, logQ := make([]float32, len(p)), make([]float32, len(p))
	logSoftmax(p, logP)
	logSoftmax(q, logQ)
	var sum float64
	for i, v := range logP {
		sum += float64(exp(v) * (v - logQ[i]))
	}
	for i := range dp {
		dp[i] = weight * exp(logP[i]) * (logP[i] - logQ[i] - float32(sum))
	}
	for i := range dq {
		dq[i] = weight * (exp(logQ[i]) - exp(logP[i]))
	}
	return float64(weight) * sum
}

// CosineDistance returns max(0, 1 - cos) of a and b, multiplied by weight, and writes its gradient in
// a to d. The product of their lengths is taken to be at least 1e-6.
func CosineDistance(a, b []float32, weight float32, d []float32) float64 {
	var aa, bb, ab float64
	for i, v := range a {
		aa += float64(v) * float64(v)
		bb += float64(b[i]) * float64(b[i])
		ab += float64(v) * float64(b[i])
	}
	squares := aa * bb
	lengths := math.Sqrt(max(squares, 1e-12))
	distance := 1 - ab/lengths
	clear(d)
	if distance <= 0 {
		return 0
	}
	var pull float64 // of a, where its length counts
	if squares > 1e-12 {
		pull = ab * bb / (lengths * lengths * lengths)
	}
	for i, v := range a {
		d[i] = weight * float32(pull*float64(v)-float64(b[i])/lengths)
	}
	return float64(weight) * distance
}

// logSoftmax writes the logarithms of the probabilities of classes.
func logSoftmax(logits, to []float32) {
	largest := logits[0]
	for _, v := range logits {
		largest = max(largest, v)
	}
	var sum float32
	for _, v := range logits {
		sum += exp(v - largest)
	}
	shift := float32(math.Log(float64(sum)))
	for i, v := range logits {
		to[i] = v - largest - shift
	}
}

func exp(v float32) float32 { return float32(math.Exp(float64(v))) }
