package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

const (
	imageChannels  = 3
	slimUpsampled  = 16 // channels of slim's transposed convolution
	slimFirstScale = 5
)

// Slim is the attacker that works at half resolution and sees the full one again
// at its end; the authors' width is 128. It sees channels of images: 3, or 6 where
// their gradient is among them.
func Slim(channels, width int) *Network {
	b := &builder{}
	scale := b.trainable("scale_last", constant(slimFirstScale), 1)
	enter := b.entry(channels, width, 2)
	blocks := b.attackerBlocks(width, 2*width, width)
	norm := b.plainNorm("res_group.3", width)
	up := b.deconv("res_group.4.conv", width, slimUpsampled)
	upNorm := b.norm("res_group.4.bn", slimUpsampled, firstEpsilon)
	exit := b.conv("convfinal", conv3x3(slimUpsampled+channels, imageChannels, 1))
	return &Network{Params: b.params, perturb: func(p *pass, x parts) parts {
		y := enter.apply(p, x) // [b, h/2, w/2, width]
		for _, block := range blocks {
			y = block.apply(p, y)
		}
		y = up.apply(p, norm.apply(p, y))
		y = p.relu(upNorm.apply(p, y)) // [b, h, w, 16]
		y = exit.apply(p, p.join(y, x))
		return y.each(func(y *Node) *Node { return Tanh(Mul(y, Reshape(p.nodes[scale]))) })
	}}
}
