// Package kernels holds the few loops of a training step that run over flat float32 slices outside
// the graph: scaled addition, sums of rows, exp, dropout, Adam, and the softmax cross-entropy of a
// row with its gradient.
//
// Products of matrices need AVX-512. They are in assembly, have the bits of GoMLX's, and take a
// fraction of their time. See Product.
//
// Convolutions of images are in assembly for AVX-512 and for AVX2, with the same bits, and in plain
// Go. See Convolution and Transposed.
//
// Each of the other loops has two versions: one for AVX2 (built with GOEXPERIMENT=simd on amd64,
// used if the processor has AVX2) and one in plain Go. Both compute the same formula. They differ
// in the last bits, as two BLAS libraries do. On one machine with one build every result is
// reproducible, because nothing here depends on threads. Adam has a third version for AVX-512, with
// the bits of that for AVX2.
package kernels

import "math"

// Axpy adds a*x to y. The slices have the same length.
func Axpy(a float32, x, y []float32) {
	_ = y[:len(x)]
	axpy(a, x, y)
}

// Sum writes x + y to sum, which may be one of them. The slices have the same length.
func Sum(x, y, sum []float32) {
	n := len(sum)
	sumOf(x[:n], y[:n], sum)
}

// AdamStep holds the values of one Adam step besides the weights. The formula is that of PyTorch's
// Adam with weight decay as an L2 term: decay*w is added to the gradient before the moments are
// updated (Kingma and Ba 2015, section 2).
type AdamStep struct {
	Beta1, Beta2 float32
	Rest1, Rest2 float32 // 1 - beta, computed in float64: in float32 the relative error would be 1e-5
	Decay        float32
	Epsilon      float32
	Rate         float32 // learning rate / (1 - beta1^t)
	RootScale    float32 // 1 / sqrt(1 - beta2^t)
}

// Adam updates weights w and moments m, v in place from the gradient g.
func Adam(s AdamStep, w, g, m, v []float32) {
	n := len(w)
	adam(s, w, g[:n], m[:n], v[:n])
}

// maxExp is the largest argument of exp: 127.5 ln 2. The largest float32 is e^88.72. Between the
// two, the vector kernel already returns Inf.
const maxExp = 88.376

// ExpSum writes exp(x-shift) to y and returns the sum. x and y may be the same slice. Values that
// are too large become +Inf, and NaN stays NaN.
func ExpSum(x, y []float32, shift float32) float32 {
	return expSum(x, y[:len(x)], shift)
}

// Max returns the largest value of x, or -Inf if x is empty.
func Max(x []float32) float32 {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	return maxOf(x)
}

// Scale multiplies x by a.
func Scale(a float32, x []float32) { scale(a, x) }

// SoftmaxGradient turns a row of logits into the gradient of its softmax
// cross-entropy against a binary target, in place, and returns the loss:
//
//	loss = -sum over i in target of log softmax(logits)_i
//	d loss / d logits_i = len(target) * softmax(logits)_i - [i in target]
//
// both multiplied by weight.
func SoftmaxGradient(logits []float32, target []int32, weight float32) float64 {
	top := Max(logits)
	var chosen float64 // sum of the target's logits, minus the largest logit
	for _, i := range target {
		chosen += float64(logits[i] - top)
	}
	sum := ExpSum(logits, logits, top)
	loss := float64(len(target))*math.Log(float64(sum)) - chosen
	Scale(weight*float32(len(target))/sum, logits)
	for _, i := range target {
		logits[i] -= weight
	}
	return float64(weight) * loss
}

// SoftmaxLoss returns the loss of SoftmaxGradient without the gradient. It overwrites the logits.
func SoftmaxLoss(logits []float32, target []int32) float64 {
	top := Max(logits)
	var chosen float64
	for _, i := range target {
		chosen += float64(logits[i] - top)
	}
	sum := ExpSum(logits, logits, top)
	return float64(len(target))*math.Log(float64(sum)) - chosen
}
