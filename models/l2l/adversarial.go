package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/graphs"
	"foil/models/losses"
	"foil/models/nn"
)

// The losses of the methods that L2L is compared with. Their attacks run in evaluation mode, on the
// current weights. The passes of a loss are in training mode, one after the other, and each pass
// updates the running statistics.

// A loss is that of a classifier that is trained without an attacker network, for graphs and for the
// engine.
type loss struct {
	// graph builds the loss of a batch and its two parts.
	graph func(f *graphs.Bound, x, attacked, labels *Node, beta float64) (loss, clean, adversarial *Node)
	// attacked says which passes see the attacked images. The others see the images.
	attacked []bool
	// image returns the part of an image in the loss of a batch, for its logits by pass, and writes
	// the gradients in them to d. share is 1 / the number of images.
	image func(logits, d [][]float32, label int32, share, beta float32) Losses
}

// plainLoss is the cross-entropy for the images.
var plainLoss = loss{
	graph: func(f *graphs.Bound, x, _, labels *Node, _ float64) (loss, clean, adversarial *Node) {
		loss = graphs.CrossEntropy(f.Logits(x, nn.Training), labels)
		return loss, loss, ZerosLike(loss)
	},
	attacked: []bool{false},
	image: func(logits, d [][]float32, label int32, share, _ float32) Losses {
		l := losses.CrossEntropy(logits[0], label, share, d[0])
		return Losses{l, l, 0}
	},
}

// meanLoss is the loss of PGD and FGSM training, (clean + beta attacked) / (1 + beta), for
// images attacked by Mistake.
var meanLoss = loss{
	graph: func(f *graphs.Bound, x, attacked, labels *Node, beta float64) (loss, clean, adversarial *Node) {
		clean = graphs.CrossEntropy(f.Logits(x, nn.Training), labels)
		adversarial = graphs.CrossEntropy(f.Logits(attacked, nn.Training), labels)
		return DivScalar(Add(clean, MulScalar(adversarial, beta)), 1+beta), clean, adversarial
	},
	attacked: []bool{false, true},
	image: func(logits, d [][]float32, label int32, share, beta float32) Losses {
		first, second := 1/(1+beta), beta/(1+beta)
		clean := losses.CrossEntropy(logits[0], label, share, d[0])
		adversarial := losses.CrossEntropy(logits[1], label, share, d[1])
		for i := range d[0] {
			d[0][i] *= first
			d[1][i] *= second
		}
		return Losses{(clean + float64(beta)*adversarial) / (1 + float64(beta)), clean, adversarial}
	},
}

// tradesLoss is the loss of TRADES (Zhang et al. 2019), clean + beta KL(p(x) || p(attacked)), for
// images attacked by driftFrom. Its gradient goes through both distributions. As in the authors'
// code, the clean images go through the network twice.
var tradesLoss = loss{
	graph: func(f *graphs.Bound, x, attacked, labels *Node, beta float64) (loss, clean, robust *Node) {
		clean = graphs.CrossEntropy(f.Logits(x, nn.Training), labels)
		moved := f.Logits(attacked, nn.Training)
		robust = DivScalar(divergence(f.Logits(x, nn.Training), moved), float64(x.Shape().Dim(0)))
		return Add(clean, MulScalar(robust, beta)), clean, robust
	},
	attacked: []bool{false, true, false},
	image: func(logits, d [][]float32, label int32, share, beta float32) Losses {
		clean := losses.CrossEntropy(logits[0], label, share, d[0])
		robust := losses.Divergence(logits[2], logits[1], beta*share, d[2], d[1])
		if beta == 0 {
			robust = losses.Divergence(logits[2], logits[1], share, nil, nil)
		} else {
			robust /= float64(beta)
		}
		return Losses{clean + float64(beta)*robust, clean, robust}
	},
}

// toDrift is the objective of TRADES: the divergence of the class distribution from that of the
// clean images, given by their logits. It is summed over the batch.
var toDrift = ascent.Goal{
	Graph: driftFrom,
	Image: func(logits []float32, aim ascent.Aim, i, _ int, d []float32) float64 {
		n := len(logits)
		return losses.Divergence(aim.Logits[i*n:(i+1)*n], logits, 1, nil, d)
	},
}

func driftFrom(f graphs.Classifier, clean *Node) ascent.Objective {
	return func(at *Node) *Node { return divergence(clean, f(at)) }
}

// divergence is KL(p || q) of the class distributions with logits p and q [b, y], summed over the
// batch.
func divergence(p, q *Node) *Node {
	logP, logQ := LogSoftmax(p), LogSoftmax(q)
	return ReduceAllSum(Mul(Exp(logP), Sub(logP, logQ)))
}
