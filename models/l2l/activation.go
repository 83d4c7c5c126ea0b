package l2l

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// relu passes no gradient at zero, as PyTorch's.
func relu(x *Node) *Node {
	zeros := ZerosLike(x)
	return Where(GreaterThan(x, zeros), x, zeros)
}

// A prelu is PyTorch's PReLU with one slope for all channels.
type prelu struct{ slope int }

func (b *builder) prelu(name string) prelu {
	return prelu{b.trainable(name+".weight", constant(0.25), 1)}
}

func (r prelu) apply(p *pass, x *Node) *Node {
	slope := Reshape(p.nodes[r.slope])
	return Where(GreaterThan(x, ZerosLike(x)), x, Mul(x, slope))
}

// onesOf returns ones of x's type.
func onesOf(x *Node, dims ...int) *Node {
	return Ones(x.Graph(), shapes.Make(x.DType(), dims...))
}
