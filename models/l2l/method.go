package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A Method is how a training of one network makes attacked images, and which loss
// it lowers. The methods are those that L2L is compared with.
type Method struct {
	Name   string
	Attack PGD     // its attack in evaluation mode; no steps: it has none
	Noise  bool    // the attack starts from the images with noise, not from themselves
	Beta   float64 // weight of what is lost under attack

	trades bool
}

// PlainTraining lowers the cross-entropy of the images as they are.
func PlainTraining() Method { return Method{Name: "plain"} }

// FGSMTraining lowers the mean of clean and attacked loss, for images that one step
// of epsilon from the images themselves makes.
func FGSMTraining(epsilon float64) Method {
	return Method{Name: "fgsm", Attack: FGSM(epsilon), Beta: 1}
}

// PGDTraining lowers (clean + beta attacked) / (1 + beta).
func PGDTraining(attack PGD, beta float64) Method {
	return Method{Name: "pgd", Attack: attack, Noise: true, Beta: beta}
}

// TradesTraining lowers clean + beta KL(p(x) || p(attacked)), for images that drift
// as far as they can from what the network says about the clean ones.
func TradesTraining(attack PGD, beta float64) Method {
	return Method{Name: "trades", Attack: attack, Noise: true, Beta: beta, trades: true}
}

// loss builds what the method lowers and its two parts.
func (m Method) loss(f *Bound, x, attacked, labels *Node) (loss, clean, adversarial *Node) {
	switch {
	case m.Attack.Steps == 0:
		loss = CleanLoss(f, x, labels)
		return loss, loss, ZerosLike(loss)
	case m.trades:
		return TradesLoss(f, x, attacked, labels, m.Beta)
	default:
		return AdversarialLoss(f, x, attacked, labels, m.Beta)
	}
}

// Passes is how often a step goes through the network in training mode.
func (m Method) Passes() int {
	switch {
	case m.Attack.Steps == 0:
		return 1
	case m.trades:
		return 3
	default:
		return 2
	}
}
