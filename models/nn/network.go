package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// ImageChannels is the number of channels of a colour image.
const ImageChannels = 3

// A Mode selects the statistics of batch norm.
type Mode int

const (
	Evaluation Mode = iota // batch norm normalises with the running statistics
	Training               // batch norm normalises with those of the batch, and moves the running ones
)

// A Network describes the parameters of a classifier or an attacker, and its computation. A
// classifier has Features and Head, an attacker has Perturb.
type Network struct {
	Params  []Param
	Dropout *Dropout // nil: no dropout

	Features func(p *Pass, x Parts) *Node // the input of the last layer, [b, features]
	Head     Dense                        // the last layer
	Perturb  func(p *Pass, x Parts) Parts // the change of three channels, each value in [-1, 1]
}

// Classes is the number of a classifier's classes.
func (n *Network) Classes() int { return n.Params[n.Head.bias].Shape[0] }

// A Classifier gives the logits [b, y] of images [b, c, h, w].
type Classifier func(x *Node) *Node

// CrossEntropy returns the batch's mean cross-entropy of logits [b, y] and labels [b].
func CrossEntropy(logits, labels *Node) *Node {
	target := OneHot(labels, logits.Shape().Dim(-1), logits.DType())
	return DivScalar(Neg(ReduceAllSum(Mul(target, LogSoftmax(logits)))), float64(logits.Shape().Dim(0)))
}

// A Bound is a network with its weights as nodes of one graph. Each pass in training mode updates
// the running statistics, starting from those after the pass before it.
type Bound struct {
	network *Network
	nodes   []*Node // by index of the parameters
	masks   []*Node // [b, width], of the coming passes in training mode
}

// Bind takes the nodes of a network's weights, in the order of its parameters. Without masks there
// is no dropout.
func (n *Network) Bind(nodes []*Node) *Bound {
	return &Bound{network: n, nodes: append([]*Node(nil), nodes...)}
}

// BindMasked is Bind with optional masks [passes, b, width] after the weights. Each pass in
// training mode uses the next mask.
func (n *Network) BindMasked(nodes []*Node) *Bound {
	weights := len(n.Params)
	b := n.Bind(nodes[:weights])
	if len(nodes) > weights {
		masks := nodes[weights]
		for i := range masks.Shape().Dim(0) {
			b.masks = append(b.masks, Squeeze(Slice(masks, AxisElem(i)), 0))
		}
	}
	return b
}

// A Pass is one pass through a network.
type Pass struct {
	form  form
	nodes []*Node
	mode  Mode
	mask  *Node // of dropout; nil: none
}

// pass begins a pass on images x.
func (b *Bound) pass(x *Node, mode Mode) *Pass {
	p := &Pass{form: formFor(x), nodes: b.nodes, mode: mode}
	if mode == Training && len(b.masks) > 0 {
		p.mask, b.masks = b.masks[0], b.masks[1:]
	}
	return p
}

// Mode is the mode of the pass.
func (p *Pass) Mode() Mode { return p.mode }

// Value returns the node of a parameter by the index from the Builder.
func (p *Pass) Value(param int) *Node { return p.nodes[param] }

// Drop multiplies features [b, width] by the mask of the pass, if there is one.
func (p *Pass) Drop(x *Node) *Node {
	if p.mask == nil {
		return x
	}
	return Mul(x, p.mask)
}

// Features returns the input of a classifier's last layer, [b, features].
func (b *Bound) Features(x *Node, mode Mode) *Node {
	p := b.pass(x, mode)
	return b.network.Features(p, p.enter(x))
}

// Head applies a classifier's last layer to features: [b, y].
func (b *Bound) Head(features *Node) *Node {
	return b.network.Head.Apply(&Pass{nodes: b.nodes}, features)
}

// Logits returns a classifier's logits [b, y].
func (b *Bound) Logits(x *Node, mode Mode) *Node { return b.Head(b.Features(x, mode)) }

// Classifier returns the network as a function for attacks. All its passes are in one mode.
func (b *Bound) Classifier(mode Mode) Classifier {
	return func(x *Node) *Node { return b.Logits(x, mode) }
}

// Perturb returns the attacker's change of the first three channels of its input x [b, c, h, w]:
// [b, 3, h, w], within epsilon.
func (b *Bound) Perturb(x *Node, mode Mode, epsilon float64) *Node {
	p := b.pass(x, mode)
	return MulScalar(p.leave(b.network.Perturb(p, p.enter(x))), epsilon)
}

// Trainable returns the nodes of the trainable parameters, in order.
func (b *Bound) Trainable() []*Node { return b.choose(true) }

// Statistics returns the running statistics after the passes so far, in order.
func (b *Bound) Statistics() []*Node { return b.choose(false) }

func (b *Bound) choose(trainable bool) (out []*Node) {
	for i, p := range b.network.Params {
		if p.Trainable == trainable {
			out = append(out, b.nodes[i])
		}
	}
	return out
}

// A Model is a network with weights for graphs. The weights are inputs of a graph, so that each
// call uses the current ones. Frozen weights are constants of the graph.
type Model struct {
	Network *Network
	Weights *Weights
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
		return m.Network.Bind(in[:n]), in[n:]
	}
	nodes := make([]*Node, len(m.Weights.Tensors))
	for i, t := range m.Weights.Tensors {
		nodes[i] = ConstTensor(of.Graph(), t)
	}
	return m.Network.Bind(nodes), in
}

// Classifier is Bind for a graph of one network, in evaluation mode.
func (m Model) Classifier(of *Node, in []*Node) Classifier {
	bound, _ := m.Bind(of, in)
	return bound.Classifier(Evaluation)
}
