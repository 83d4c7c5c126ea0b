package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// CrossEntropy is the batch's mean cross-entropy of logits [b, y] and labels [b].
func CrossEntropy(logits, labels *Node) *Node {
	target := OneHot(labels, logits.Shape().Dim(-1), logits.DType())
	return DivScalar(Neg(ReduceAllSum(Mul(target, LogSoftmax(logits)))), float64(logits.Shape().Dim(0)))
}

// Divergence is KL(p || q) of the classes' distributions with logits p and q [b, y],
// summed over the batch.
func Divergence(p, q *Node) *Node {
	logP, logQ := LogSoftmax(p), LogSoftmax(q)
	return ReduceAllSum(Mul(Exp(logP), Sub(logP, logQ)))
}
