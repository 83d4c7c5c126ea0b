package l2l

import (
	"fmt"
	"math"
)

// firstEpsilon is the attackers' epsilon of batch norm in their first unit and in
// slim's transposed one.
const firstEpsilon = 1e-3

// entry is the unit that attackers begin with: convolution, batch norm, ReLU.
type entry struct {
	conv conv
	norm batchNorm
}

func (b *builder) entry(in, out, stride int) entry {
	return entry{
		conv: b.conv("res_group.0.conv", conv3x3(in, out, stride)),
		norm: b.norm("res_group.0.bn", out, firstEpsilon),
	}
}

func (e entry) apply(p *pass, x parts) parts { return p.relu(e.norm.apply(p, e.conv.apply(p, x))) }

// attackerBlock is the attackers' residual block: twice batch norm, PReLU and
// convolution, and a 1x1 convolution beside them where the width changes.
type attackerBlock struct {
	norm1, norm2 batchNorm
	act1, act2   prelu
	conv1, conv2 conv
	shortcut     *conv
}

// attackerBlock declares block i of widths in and out. Xavier's initialisation is
// that of the blocks' weights only.
func (b *builder) attackerBlock(i, in, out int) attackerBlock {
	name := fmt.Sprintf("res_group.%d.", i)
	xavier := func(s convSpec, gain float64) convSpec {
		return s.withBias().weights(xavierUniform(gain, s.fanIn(), s.fanOut()))
	}
	block := attackerBlock{
		norm1: b.plainNorm(name+"b1", in),
		act1:  b.prelu(name + "act1"),
		norm2: b.plainNorm(name+"b2", out),
		act2:  b.prelu(name + "act2"),
		conv1: b.conv(name+"c1", xavier(conv3x3(in, out, 1), math.Sqrt2)),
		conv2: b.conv(name+"c2", xavier(conv3x3(out, out, 1), math.Sqrt2)),
	}
	if in != out {
		shortcut := b.conv(name+"c_sc", xavier(conv1x1(in, out, 1), 1))
		block.shortcut = &shortcut
	}
	return block
}

func (a attackerBlock) apply(p *pass, x parts) parts {
	y := a.conv1.apply(p, a.act1.apply(p, a.norm1.apply(p, x)))
	y = a.conv2.apply(p, a.act2.apply(p, a.norm2.apply(p, y)))
	if a.shortcut != nil {
		x = a.shortcut.apply(p, x)
	}
	return p.add(y, x)
}

// attackerBlocks declares blocks from res_group.1 on, with the given widths before,
// between and after them.
func (b *builder) attackerBlocks(widths ...int) (blocks []attackerBlock) {
	for i := 1; i < len(widths); i++ {
		blocks = append(blocks, b.attackerBlock(i, widths[i-1], widths[i]))
	}
	return blocks
}
