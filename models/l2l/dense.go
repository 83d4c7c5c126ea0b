package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A dense is PyTorch's Linear.
type dense struct{ weight, bias int }

func (b *builder) dense(name string, in, out int) dense {
	return b.denseFrom(name, in, out, pytorchDefault(in), pytorchDefault(in))
}

func (b *builder) denseFrom(name string, in, out int, weight, bias initializer) dense {
	return dense{
		weight: b.trainable(name+".weight", weight, out, in),
		bias:   b.trainable(name+".bias", bias, out),
	}
}

// apply maps x [b, in] to [b, out].
func (d dense) apply(p *pass, x *Node) *Node {
	y := Einsum("bi,oi->bo", x, p.nodes[d.weight])
	return Add(y, perChannel(p.nodes[d.bias], y))
}
