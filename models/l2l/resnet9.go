package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// ResNet9 is the authors' small residual network for images of 32 x 32; their width
// is 64. Unlike in others, pooling comes before batch norm, and nothing after a
// block's sum.
func ResNet9(width, classes int) *Network {
	b := &builder{}
	unit1 := b.pooledUnit("conv1", imageChannels, width, 1)
	unit2 := b.pooledUnit("conv2", width, 2*width, 2)
	block1 := b.resNet9Block("block1", 2*width)
	unit3 := b.pooledUnit("conv3", 2*width, 4*width, 2)
	unit4 := b.pooledUnit("conv4", 4*width, 8*width, 2)
	block2 := b.resNet9Block("block2", 8*width)
	head := b.dense("fc", 8*width, classes)
	return &Network{Params: b.params, head: head, features: func(p *pass, x parts) *Node {
		x = unit2.apply(p, unit1.apply(p, x)) // [b, 16, 16, 2 width]
		x = block1.apply(p, x)
		x = unit4.apply(p, unit3.apply(p, x)) // [b, 4, 4, 8 width]
		x = block2.apply(p, x)
		return p.flatten(p.maxPool(x, x[0].Shape().Dim(2)))
	}}
}

// pooledUnit is convolution, max pool, batch norm and ReLU.
type pooledUnit struct {
	conv conv
	pool int
	norm batchNorm
}

func (b *builder) pooledUnit(name string, in, out, pool int) pooledUnit {
	return pooledUnit{
		norm: b.norm(name+".bn1", out, normEpsilon),
		conv: b.conv(name+".conv1", conv3x3(in, out, 1)),
		pool: pool,
	}
}

func (u pooledUnit) apply(p *pass, x parts) parts {
	return p.relu(u.norm.apply(p, p.maxPool(u.conv.apply(p, x), u.pool)))
}

type resNet9Block struct {
	conv1, conv2 conv
	norm1, norm2 batchNorm
}

func (b *builder) resNet9Block(name string, width int) resNet9Block {
	return resNet9Block{
		norm1: b.norm(name+".bn1", width, normEpsilon),
		conv1: b.conv(name+".conv1", conv3x3(width, width, 1)),
		norm2: b.norm(name+".bn2", width, normEpsilon),
		conv2: b.conv(name+".conv2", conv3x3(width, width, 1)),
	}
}

func (r resNet9Block) apply(p *pass, x parts) parts {
	y := p.relu(r.norm1.apply(p, r.conv1.apply(p, x)))
	y = p.relu(r.norm2.apply(p, r.conv2.apply(p, y)))
	return p.add(x, y)
}
