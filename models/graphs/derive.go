package graphs

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
)

// derive computes a node with a gradient by hand: back returns the gradients of the inputs for the
// gradient of the node. The operations of forward need no gradients of their own. Gradients that
// nobody uses are not computed.
//
// GoMLX takes gradients from a graph's last node to its first. So the gradient of the node is
// complete at the gate, which lies between it and the inputs.
func derive(in []*Node, forward func(in []*Node) *Node, back func(y, gradient *Node) []*Node) *Node {
	var y, arrived *Node  // arrived: the gradient of the node; nil: none
	var gradients []*Node // of the inputs
	in = append([]*Node(nil), in...)
	for i, x := range in {
		in[i] = IdentityWithCustomGradient(x, func(_, _ *Node) *Node { return gradients[i] })
	}
	gate := IdentityWithCustomGradient(anyOf(in), func(_, v *Node) *Node {
		gradients, arrived = back(y, arrived), nil
		return v
	})
	// For gradients, y is a function of the gate. On the Go backend nothing is copied, because y is
	// chosen as a whole. For ONNX Runtime the choice is removed, see backend.Compile.
	y = forward(in)
	y = Where(Const(y.Graph(), true), StopGradient(y), gate)
	return IdentityWithCustomGradient(y, func(_, v *Node) *Node {
		arrived = v
		return v
	})
}

// anyOf returns a scalar that depends on every node. It uses one value of each. ONNX Runtime's
// backend cannot derive slices, so there it uses all values; the result is never computed.
func anyOf(nodes []*Node) (sum *Node) {
	for _, x := range nodes {
		var first *Node
		if backend.IsONNXRuntime(x.Graph().Backend()) {
			first = ReduceAllSum(x)
		} else {
			one := make([]SliceAxisSpec, x.Rank())
			for axis := range one {
				one[axis] = AxisRange(0, 1)
			}
			first = Reshape(Slice(x, one...))
		}
		if sum == nil {
			sum = first
		} else {
			sum = Add(sum, first)
		}
	}
	return sum
}
