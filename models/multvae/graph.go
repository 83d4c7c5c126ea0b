package multvae

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/adversary"
)

// split cuts the encoder's output h [b, 2l] into mean and log variance.
func split(h *Node) (mu, logVar *Node) {
	l := h.Shape().Dimensions[1] / 2
	return Slice(h, AxisRange(), AxisRange(0, l)), Slice(h, AxisRange(), AxisRange(l, 2*l))
}

// klDivergence of N(mu, sd) from N(0, 1), averaged over users, where
// logVar = 2 log sd.
func klDivergence(mu, logVar, sd *Node) *Node {
	b := float64(mu.Shape().Dimensions[0])
	sum := ReduceAllSum(Sub(Add(Square(sd), Square(mu)), AddScalar(logVar, 1)))
	return MulScalar(sum, 0.5/b)
}

// forward is the graph up to the logits, which still lack the decoder's bias.
// inputs: h [b, 2l], noise [b, l], decoder weight [l, i], then each group's
// inputs. Outputs: logits [b, i], z and its standard deviation [b, l], the KL term times beta, the
// gradient of z from the adversaries behind gradient reversal [b, l], each
// group's loss, and the gradients of each group's parameters.
func (m *Model) forward(inputs []*Node) []*Node {
	h, noise, weight := inputs[0], inputs[1], inputs[2]
	mu, logVar := split(h)
	sd := Exp(MulScalar(logVar, 0.5))
	z := Add(mu, Mul(noise, sd))
	logits := Dot(z, weight).MatMul()
	kl := MulScalar(klDivergence(mu, logVar, sd), m.config.Beta)

	zGrad := ZerosLike(z)
	var losses, grads []*Node
	for i, g := range m.groups {
		in := inputs[3+i*adversary.NumInputs : 3+(i+1)*adversary.NumInputs]
		loss, groupGrad, paramGrads := g.LossGradients(z, in)
		// Gradient reversal (Ganin and Lempitsky 2015): identity forward, times -lambda backward.
		zGrad = Sub(zGrad, MulScalar(groupGrad, g.Reversal))
		losses = append(losses, loss)
		grads = append(grads, paramGrads...)
	}
	return append(append([]*Node{logits, z, sd, kl, zGrad}, losses...), grads...)
}

// backward is the graph from the gradient of the logits. inputs: that gradient
// [b, i], z and its standard deviation [b, l], decoder weight [l, i], h [b, 2l],
// noise [b, l] and the gradient of z from the adversaries. Outputs: the gradients of the decoder's
// weight [l, i] and of h [b, 2l].
func (m *Model) backward(inputs []*Node) []*Node {
	grad, z, sd, weight, h, noise, zGrad := inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5], inputs[6]
	weightGrad := Dot(TransposeAllAxes(z, 1, 0), grad).MatMul() // [l, i]
	zGrad = Add(zGrad, Einsum("bi,li->bl", grad, weight))       // [b, l]

	// z = mu + noise * sd, with sd = exp(logVar / 2)
	mu, _ := split(h)
	logVarGrad := MulScalar(Mul(Mul(zGrad, noise), sd), 0.5)
	hGrad := Concatenate([]*Node{zGrad, logVarGrad}, 1)
	// KL = 1/2 (sd^2 + mu^2 - logVar - 1), averaged over users, times beta
	klGrad := Concatenate([]*Node{mu, MulScalar(AddScalar(Square(sd), -1), 0.5)}, 1)
	beta := m.config.Beta / float64(h.Shape().Dimensions[0])
	return []*Node{weightGrad, Add(hGrad, MulScalar(klGrad, beta))}
}
