package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A Mode is how batch norm sees a batch.
type Mode int

const (
	Evaluation Mode = iota // batch norm normalises with the running statistics
	Training               // with those of the batch, and moves the running ones
)

// A Network is the parameters of a classifier or an attacker and what it does
// with them.
type Network struct {
	Params  []Param
	Dropout *Dropout // nil: it drops nothing

	features func(p *pass, x parts) *Node // of a classifier: what its last layer sees, [b, features]
	head     dense                        // of a classifier: its last layer
	perturb  func(p *pass, x parts) parts // of an attacker: what it adds to three channels, within 1
}

// Classes is the number of a classifier's classes.
func (n *Network) Classes() int { return n.Params[n.head.bias].Shape[0] }

// A Classifier gives the logits [b, y] of images [b, c, h, w].
type Classifier func(x *Node) *Node

// A Bound is a network with its weights as nodes of one graph.
type Bound struct {
	network *Network
	nodes   []*Node // by index of the parameters
	masks   []*Node // [b, width], of the passes in training mode to come
}

// Bind takes the nodes of a network's weights, in the order of its parameters.
// Nothing is dropped, as it has no masks.
func (n *Network) Bind(nodes []*Node) *Bound {
	return &Bound{network: n, nodes: append([]*Node(nil), nodes...)}
}

// A pass is one way through a network.
type pass struct {
	form  form
	nodes []*Node
	mode  Mode
	mask  *Node // of dropout; nil for none
}

// pass begins a pass with images x.
func (b *Bound) pass(x *Node, mode Mode) *pass {
	p := &pass{form: formFor(x), nodes: b.nodes, mode: mode}
	if mode == Training && len(b.masks) > 0 {
		p.mask, b.masks = b.masks[0], b.masks[1:]
	}
	return p
}

// Features returns what a classifier's last layer sees, [b, features].
func (b *Bound) Features(x *Node, mode Mode) *Node {
	p := b.pass(x, mode)
	return b.network.features(p, p.enter(x))
}

// Logits returns a classifier's logits [b, y].
func (b *Bound) Logits(x *Node, mode Mode) *Node {
	features := b.Features(x, mode)
	return b.network.head.apply(&pass{nodes: b.nodes}, features)
}

// Classifier is the network as attacks know it, all passes in one mode.
func (b *Bound) Classifier(mode Mode) Classifier {
	return func(x *Node) *Node { return b.Logits(x, mode) }
}

// Perturb returns what an attacker adds to images of which it sees x [b, c, h, w],
// its first three channels: [b, 3, h, w], within epsilon.
func (b *Bound) Perturb(x *Node, mode Mode, epsilon float64) *Node {
	p := b.pass(x, mode)
	return MulScalar(p.leave(b.network.perturb(p, p.enter(x))), epsilon)
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
