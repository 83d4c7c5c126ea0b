package l2l

import . "github.com/gomlx/gomlx/core/graph"

// A subject is a network with its weights as graphs take them: as inputs behind their
// own, so that they are at each call what they are then, or, frozen, as constants.
type subject struct {
	network *Network
	weights *Weights
	frozen  bool
}

// inputs are what a call hands over.
func (s subject) inputs() []any {
	if s.frozen {
		return nil
	}
	return s.weights.inputs()
}

// bind takes the network's weights from the inputs of a graph of which some node is, and
// gives those that are left.
func (s subject) bind(of *Node, in []*Node) (bound *Bound, rest []*Node) {
	if !s.frozen {
		n := len(s.network.Params)
		return s.network.Bind(in[:n]), in[n:]
	}
	nodes := make([]*Node, len(s.weights.Tensors))
	for i, t := range s.weights.Tensors {
		nodes[i] = ConstTensor(of.Graph(), t)
	}
	return s.network.Bind(nodes), in
}

// classifier is bind for a graph of one network, in evaluation mode.
func (s subject) classifier(of *Node, in []*Node) Classifier {
	bound, _ := s.bind(of, in)
	return bound.Classifier(Evaluation)
}
