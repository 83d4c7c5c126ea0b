package graphs

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/backend"
	"foil/models/nn"
)

// A Model is a network with weights for graphs. The weights are inputs of a graph, so that each
// call uses the current ones. Frozen weights are constants of the graph.
type Model struct {
	Network *nn.Network
	Weights *nn.Weights
	Frozen  bool
}

// Inputs returns the weights for a call. They follow the graph's own inputs.
func (m Model) Inputs() []any {
	if m.Frozen {
		return nil
	}
	return m.Weights.Inputs()
}

// Bind takes the weights from the inputs of a graph, and returns the remaining inputs. of is any
// node of the graph.
func (m Model) Bind(of *Node, in []*Node) (bound *Bound, rest []*Node) {
	if !m.Frozen {
		n := len(m.Network.Params)
		return Bind(m.Network, in[:n]), in[n:]
	}
	nodes := make([]*Node, len(m.Weights.Tensors))
	for i, t := range m.Weights.Tensors {
		nodes[i] = ConstTensor(of.Graph(), t)
	}
	return Bind(m.Network, nodes), in
}

// Classifier is Bind for a graph of one network, in evaluation mode.
func (m Model) Classifier(of *Node, in []*Node) Classifier {
	bound, _ := m.Bind(of, in)
	return bound.Classifier(nn.Evaluation)
}

// CompileLogits compiles a classifier's logits in evaluation mode. The graph takes images,
// then the inputs of the model.
func CompileLogits(b compute.Backend, m Model) (*Exec, error) {
	return backend.Compile(b, func(in []*Node) []*Node { return []*Node{m.Classifier(in[0], in[1:])(in[0])} })
}
