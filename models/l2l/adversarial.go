package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/nn"
)

// The losses of the methods that L2L is compared with. Their attacks run in evaluation mode, on the
// current weights. The passes of a loss are in training mode, one after the other, and each pass
// updates the running statistics.

// A lossFunc builds the loss of a classifier that is trained without an attacker network, and its
// two parts.
type lossFunc func(f *nn.Bound, x, attacked, labels *Node, beta float64) (loss, clean, adversarial *Node)

// plainLoss is the cross-entropy for the images.
func plainLoss(f *nn.Bound, x, _, labels *Node, _ float64) (loss, clean, adversarial *Node) {
	loss = nn.CrossEntropy(f.Logits(x, nn.Training), labels)
	return loss, loss, ZerosLike(loss)
}

// meanLoss is the loss of PGD and FGSM training, (clean + beta attacked) / (1 + beta), for
// images attacked by Mistake.
func meanLoss(f *nn.Bound, x, attacked, labels *Node, beta float64) (loss, clean, adversarial *Node) {
	clean = nn.CrossEntropy(f.Logits(x, nn.Training), labels)
	adversarial = nn.CrossEntropy(f.Logits(attacked, nn.Training), labels)
	return DivScalar(Add(clean, MulScalar(adversarial, beta)), 1+beta), clean, adversarial
}

// tradesLoss is the loss of TRADES (Zhang et al. 2019), clean + beta KL(p(x) || p(attacked)), for
// images attacked by driftFrom. Its gradient goes through both distributions. As in the authors'
// code, the clean images go through the network twice.
func tradesLoss(f *nn.Bound, x, attacked, labels *Node, beta float64) (loss, clean, robust *Node) {
	clean = nn.CrossEntropy(f.Logits(x, nn.Training), labels)
	moved := f.Logits(attacked, nn.Training)
	robust = DivScalar(divergence(f.Logits(x, nn.Training), moved), float64(x.Shape().Dim(0)))
	return Add(clean, MulScalar(robust, beta)), clean, robust
}

// driftFrom is the objective of TRADES: the divergence of the class distribution from that of the
// clean images, given by their logits. It is summed over the batch.
func driftFrom(f nn.Classifier, clean *Node) ascent.Objective {
	return func(at *Node) *Node { return divergence(clean, f(at)) }
}

// divergence is KL(p || q) of the class distributions with logits p and q [b, y], summed over the
// batch.
func divergence(p, q *Node) *Node {
	logP, logQ := LogSoftmax(p), LogSoftmax(q)
	return ReduceAllSum(Mul(Exp(logP), Sub(logP, logQ)))
}
