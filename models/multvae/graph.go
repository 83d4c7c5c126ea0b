package multvae

import . "github.com/gomlx/gomlx/core/graph"

// A step has three graphs, and passes over flat values between them: the decoder (logits), the
// products of the decoder's gradient, and the adversaries (adversary.Step).

// decode returns the logits [b, i] for latent vectors z [b, l], without the decoder's bias.
func decode(z, weight *Node) *Node { return Dot(z, weight).MatMul() }

// decodeBackward takes the gradient of the logits [b, i], z [b, l] and the
// decoder's weight [l, i], and returns the gradients of that weight and of z.
func decodeBackward(grad, z, weight *Node) (weightGrad, zGrad *Node) {
	return Dot(TransposeAllAxes(z, 1, 0), grad).MatMul(), Einsum("bi,li->bl", grad, weight)
}
