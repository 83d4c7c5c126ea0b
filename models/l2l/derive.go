package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// derive computes a node of others, with a gradient given by hand: back gives the
// gradients of the inputs for the node's. What forward is made of needs no gradient
// of its own, and gradients nobody asks for are not computed.
func derive(in []*Node, forward func(in []*Node) *Node, back func(y, gradient *Node) []*Node) *Node {
	var gradients []*Node // of the inputs; the node's comes before them
	in = append([]*Node(nil), in...)
	for i, x := range in {
		in[i] = IdentityWithCustomGradient(x, func(_, _ *Node) *Node { return gradients[i] })
	}
	y := StopGradient(forward(in))
	var derived *Node
	derived = IdentityWithCustomGradient(dependOn(y, in), func(_, v *Node) *Node {
		gradients = back(derived, v)
		return v
	})
	return derived
}

// dependOn returns y, for gradients a function of the given nodes. Nothing is copied
// on the Go backend: y is chosen as a whole. ONNX Runtime is not told of the choice, see
// backend.Compile, and sums can be derived there, slices can't.
func dependOn(y *Node, nodes []*Node) *Node {
	var sum *Node
	for _, x := range nodes {
		var first *Node
		if backend.IsONNXRuntime(y.Graph().Backend()) {
			first = ReduceAllSum(x)
		} else {
			first = Reshape(Slice(Reshape(x, -1), AxisRange(0, 1)))
		}
		if sum == nil {
			sum = first
		} else {
			sum = Add(sum, first)
		}
	}
	return Where(Const(y.Graph(), true), y, sum)
}
