package multvae

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/adversary"
)

// A step has three graphs, and passes over flat values between them: the decoder
// (logits), the adversaries, and the products of the decoder's gradient.

// decode returns the logits [b, i] for latent vectors z [b, l], without the decoder's bias.
func decode(z, weight *Node) *Node { return Dot(z, weight).MatMul() }

// decodeBackward takes the gradient of the logits [b, i], z [b, l] and the
// decoder's weight [l, i], and returns the gradients of that weight and of z.
func decodeBackward(grad, z, weight *Node) (weightGrad, zGrad *Node) {
	return Dot(TransposeAllAxes(z, 1, 0), grad).MatMul(), Einsum("bi,li->bl", grad, weight)
}

// heads takes the inputs of each group. It returns the loss of each group, then the gradient of
// each group's input, then those of each group's parameters.
func (m *Model) heads(inputs []*Node) []*Node {
	var losses, xGrads, grads []*Node
	for i, g := range m.groups {
		loss, xGrad, paramGrads := g.LossGradients(inputs[i*adversary.NumInputs : (i+1)*adversary.NumInputs])
		losses = append(losses, loss)
		xGrads = append(xGrads, xGrad)
		grads = append(grads, paramGrads...)
	}
	return append(append(losses, xGrads...), grads...)
}
