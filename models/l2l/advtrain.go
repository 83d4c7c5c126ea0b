package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// The losses of the methods that L2L is compared with. Attacks run in evaluation
// mode, on the weights as they are; the losses' own passes are in training mode, one
// after the other, and each moves the running statistics.

// CleanLoss is plain training's: the cross-entropy of the images.
func CleanLoss(f *Bound, x, labels *Node) *Node {
	return CrossEntropy(f.Logits(x, Training), labels)
}

// AdversarialLoss is PGD training's, (clean + beta attacked) / (1 + beta), for
// images that Attack made of Mistake. FGSM training is the same with FGSM.
func AdversarialLoss(f *Bound, x, attacked, labels *Node, beta float64) (loss, clean, adversarial *Node) {
	clean = CrossEntropy(f.Logits(x, Training), labels)
	adversarial = CrossEntropy(f.Logits(attacked, Training), labels)
	return DivScalar(Add(clean, MulScalar(adversarial, beta)), 1+beta), clean, adversarial
}

// Drift is TRADES' objective: how far the classes' distribution has moved from that
// of the clean images, summed over the batch.
func Drift(f Classifier, x *Node) Objective { return driftFrom(f, StopGradient(f(x))) }

// driftFrom is Drift with the logits of the clean images.
func driftFrom(f Classifier, clean *Node) Objective {
	return func(at *Node) *Node { return Divergence(clean, f(at)) }
}

// TradesLoss is TRADES' (Zhang et al. 2019), clean + beta KL(p(x) || p(attacked)),
// for images that Attack made of Drift. Its gradient goes through both
// distributions. Like its code, it passes the clean images twice.
func TradesLoss(f *Bound, x, attacked, labels *Node, beta float64) (loss, clean, robust *Node) {
	clean = CrossEntropy(f.Logits(x, Training), labels)
	moved := f.Logits(attacked, Training)
	robust = DivScalar(Divergence(f.Logits(x, Training), moved), float64(x.Shape().Dim(0)))
	return Add(clean, MulScalar(robust, beta)), clean, robust
}
