package graphs

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/nn"
)

// A Classifier gives the logits [b, y] of images [b, c, h, w] in a graph.
type Classifier func(x *Node) *Node

// CrossEntropy returns the batch's mean cross-entropy of logits [b, y] and labels [b].
func CrossEntropy(logits, labels *Node) *Node {
	target := OneHot(labels, logits.Shape().Dim(-1), logits.DType())
	return DivScalar(Neg(ReduceAllSum(Mul(target, LogSoftmax(logits)))), float64(logits.Shape().Dim(0)))
}

// A Bound is a network with its weights as nodes of one graph. Each pass in training mode updates
// the running statistics, starting from those after the pass before it.
type Bound struct {
	network *nn.Network
	nodes   []*Node // by index of the parameters
	masks   []*Node // [b, width], of the coming passes in training mode
}

// Bind takes the nodes of a network's weights, in the order of its parameters. Without masks there
// is no dropout.
func Bind(n *nn.Network, nodes []*Node) *Bound {
	return &Bound{network: n, nodes: append([]*Node(nil), nodes...)}
}

// BindMasked is Bind with optional masks [passes, b, width] after the weights. Each pass in
// training mode uses the next mask.
func BindMasked(n *nn.Network, nodes []*Node) *Bound {
	weights := len(n.Params)
	b := Bind(n, nodes[:weights])
	if len(nodes) > weights {
		masks := nodes[weights]
		for i := range masks.Shape().Dim(0) {
			b.masks = append(b.masks, Squeeze(Slice(masks, AxisElem(i)), 0))
		}
	}
	return b
}

// A pass is one pass through a network.
type pass struct {
	form  form
	nodes []*Node
	mode  nn.Mode
	mask  *Node // of dropout; nil: none
}

// run builds the first steps of a pass on images x, and returns their last value.
func (b *Bound) run(x *Node, mode nn.Mode, steps []nn.Step) *Node {
	p := &pass{form: formFor(x), nodes: b.nodes, mode: mode}
	if mode == nn.Training && len(b.masks) > 0 {
		p.mask, b.masks = b.masks[0], b.masks[1:]
	}
	values := []*Node{p.form.enter(x)}
	for _, s := range steps {
		var in []*Node
		for _, v := range s.In {
			in = append(in, values[v])
		}
		values = append(values, p.apply(s.Layer, in))
	}
	return values[len(values)-1]
}

// Features returns the input of a classifier's last layer, [b, features].
func (b *Bound) Features(x *Node, mode nn.Mode) *Node {
	return b.run(x, mode, b.network.Steps[:len(b.network.Steps)-1])
}

// Head applies a classifier's last layer to features: [b, y].
func (b *Bound) Head(features *Node) *Node {
	return (&pass{nodes: b.nodes}).dense(b.network.Head(), features)
}

// Logits returns a classifier's logits [b, y].
func (b *Bound) Logits(x *Node, mode nn.Mode) *Node { return b.Head(b.Features(x, mode)) }

// Classifier returns the network as a function for attacks. All its passes are in one mode.
func (b *Bound) Classifier(mode nn.Mode) Classifier {
	return func(x *Node) *Node { return b.Logits(x, mode) }
}

// Perturb returns the attacker's change of the first three channels of its input x [b, c, h, w]:
// [b, 3, h, w], within epsilon.
func (b *Bound) Perturb(x *Node, mode nn.Mode, epsilon float64) *Node {
	return MulScalar(formFor(x).leave(b.run(x, mode, b.network.Steps)), epsilon)
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
