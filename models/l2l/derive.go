package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// derive computes a node of others, with a gradient given by hand: back gives the
// gradients of the inputs for the node's. What forward is made of needs no gradient
// of its own, and gradients nobody asks for are not computed.
func derive(in []*Node, forward func(in []*Node) *Node, back func(y, gradient *Node) []*Node) *Node {
	return deriveAll(in, func(in []*Node) []*Node { return []*Node{forward(in)} },
		func(y, gradients []*Node) []*Node { return back(y[0], gradients[0]) })[0]
}

// deriveAll is derive for several nodes. Gradients are taken from a graph's last node to
// its first, so all of theirs have arrived where the first of an input's is asked for.
func deriveAll(in []*Node, forward func(in []*Node) []*Node, back func(y, gradients []*Node) []*Node) []*Node {
	var derived []*Node
	var arrived []*Node   // gradients of these
	var gradients []*Node // of the inputs, nil until one is asked for
	in = append([]*Node(nil), in...)
	for i, x := range in {
		in[i] = IdentityWithCustomGradient(x, func(_, _ *Node) *Node {
			if gradients == nil {
				gradients = back(derived, arrived)
			}
			return gradients[i]
		})
	}
	for i, y := range forward(in) {
		derived = append(derived, IdentityWithCustomGradient(dependOn(StopGradient(y), in), func(_, v *Node) *Node {
			if gradients != nil || arrived == nil { // of another function
				gradients, arrived = nil, zerosLike(derived)
			}
			arrived[i] = v
			return v
		}))
	}
	return derived
}

func zerosLike(nodes []*Node) (zeros []*Node) {
	for _, x := range nodes {
		zeros = append(zeros, ZerosLike(x))
	}
	return zeros
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
