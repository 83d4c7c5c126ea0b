package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

func relu(x *Node) *Node { return formFor(x).relu(x) }

// A prelu is PyTorch's PReLU with one slope for all channels.
type prelu struct{ slope int }

func (b *builder) prelu(name string) prelu {
	return prelu{b.trainable(name+".weight", constant(0.25), 1)}
}

func (r prelu) apply(p *pass, x parts) parts { return p.prelu(x, Reshape(p.nodes[r.slope])) }
