package backend

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// The graph package keeps the values of small constants only, but a copier needs all values.
func init() { graph.MinConstValueSizeToKeep = math.MaxInt }

// onlyNeeded builds a temporary graph and copies the operations that the outputs depend on to the
// graph that it is called for. It also copies outputs that are inputs, because ONNX Runtime returns
// zeros for them.
func onlyNeeded(build func(in []*graph.Node) []*graph.Node) func(in []*graph.Node) []*graph.Node {
	return func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		whole := graph.NewGraph(g.Backend(), g.Name())
		defer whole.Finalize()
		c := copier{to: g, copies: map[*graph.Node]*graph.Node{}}
		inputs := make([]*graph.Node, len(in))
		for i, x := range in {
			inputs[i] = graph.Parameter(whole, fmt.Sprintf("in%d", i), x.Shape())
			c.copies[inputs[i]] = x
		}
		outputs := build(inputs)
		copies := make([]*graph.Node, len(outputs))
		for i, n := range outputs {
			copies[i] = c.copy(n)
			if slices.Contains(in, copies[i]) {
				copies[i] = graph.Identity(copies[i])
			}
		}
		return copies
	}
}

// A copier copies nodes to another graph.
type copier struct {
	to     *graph.Graph
	copies map[*graph.Node]*graph.Node // by their originals
}

// copy returns the copy of a node, with all nodes that it depends on.
func (c copier) copy(n *graph.Node) *graph.Node {
	if done, ok := c.copies[n]; ok {
		return done
	}
	done := c.make(n)
	c.copies[n] = done
	return done
}

func (c copier) make(n *graph.Node) *graph.Node {
	in := n.Inputs()
	switch n.Type() {
	case graph.NodeTypeConstant:
		return graph.ConstTensor(c.to, n.ConstantValue())
	case graph.NodeTypeIota:
		return c.iota(n)
	case graph.NodeTypeIdentity:
		return c.copy(in[0])
	case graph.NodeTypeWhere:
		// A constant chooses the branch. The other branch is only for gradients.
		if value := in[0].ConstantValue(); value != nil && in[0].IsScalar() {
			if value.Value() == true {
				return c.copy(in[1])
			}
			return c.copy(in[2])
		}
	}
	copies := make([]*graph.Node, len(in))
	for i, x := range in {
		copies[i] = c.copy(x)
	}
	return n.CloneWithInputs(copies...)
}

// iota copies a count along an axis if all other axes have size 1. A node does not expose the axis
// that it counts along.
func (c copier) iota(n *graph.Node) *graph.Node {
	shape := n.Shape().Clone()
	length := shape.Size()
	for _, d := range shape.Dimensions {
		if d != 1 && d != length {
			panic(fmt.Errorf("an iota of shape %s has more than one axis and cannot be copied between graphs", shape))
		}
	}
	dims := shape.Dimensions
	shape.Dimensions = []int{length}
	return graph.Reshape(graph.Iota(c.to, shape, 0), dims...)
}
