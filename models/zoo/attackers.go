package zoo

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/nn"
)

// firstEpsilon is the epsilon of batch norm in the attackers' first unit and in slim's transposed
// unit.
const firstEpsilon = 1e-3

// entry is the first unit of attackers: convolution, batch norm, ReLU.
type entry struct {
	conv nn.Conv
	norm nn.BatchNorm
}

func newEntry(b *nn.Builder, in, out, stride int) entry {
	return entry{
		conv: b.Conv("res_group.0.conv", nn.Conv3x3(in, out, stride)),
		norm: b.Norm("res_group.0.bn", out, firstEpsilon),
	}
}

func (e entry) apply(p *nn.Pass, x nn.Parts) nn.Parts {
	return p.ReLU(e.norm.Apply(p, e.conv.Apply(p, x)))
}

// attackerBlock is the attackers' residual block: batch norm, PReLU and convolution, twice. If the
// width changes, the shortcut is a 1x1 convolution.
type attackerBlock struct {
	norm1, norm2 nn.BatchNorm
	act1, act2   nn.PReLU
	conv1, conv2 nn.Conv
	shortcut     *nn.Conv
}

// newAttackerBlock declares block i with widths in and out. Only the blocks' weights have Xavier's
// initialisation.
func newAttackerBlock(b *nn.Builder, i, in, out int) attackerBlock {
	name := fmt.Sprintf("res_group.%d.", i)
	xavier := func(s nn.ConvSpec, gain float64) nn.ConvSpec {
		return s.WithBias().WithWeights(nn.XavierUniform(gain, s.FanIn(), s.FanOut()))
	}
	block := attackerBlock{
		norm1: b.PlainNorm(name+"b1", in),
		act1:  b.PReLU(name + "act1"),
		norm2: b.PlainNorm(name+"b2", out),
		act2:  b.PReLU(name + "act2"),
		conv1: b.Conv(name+"c1", xavier(nn.Conv3x3(in, out, 1), math.Sqrt2)),
		conv2: b.Conv(name+"c2", xavier(nn.Conv3x3(out, out, 1), math.Sqrt2)),
	}
	if in != out {
		shortcut := b.Conv(name+"c_sc", xavier(nn.Conv1x1(in, out, 1), 1))
		block.shortcut = &shortcut
	}
	return block
}

func (a attackerBlock) apply(p *nn.Pass, x nn.Parts) nn.Parts {
	y := a.conv1.Apply(p, a.act1.Apply(p, a.norm1.Apply(p, x)))
	y = a.conv2.Apply(p, a.act2.Apply(p, a.norm2.Apply(p, y)))
	if a.shortcut != nil {
		x = a.shortcut.Apply(p, x)
	}
	return p.Add(y, x)
}

// newAttackerBlocks declares blocks from res_group.1 on, with the given widths before, between and
// after them.
func newAttackerBlocks(b *nn.Builder, widths ...int) (blocks []attackerBlock) {
	for i := 1; i < len(widths); i++ {
		blocks = append(blocks, newAttackerBlock(b, i, widths[i-1], widths[i]))
	}
	return blocks
}

// Wide is the attacker with four blocks at full resolution. The authors' width is 64. channels is 3
// for images, or 6 for images and their gradient.
func Wide(channels, width int) *nn.Network {
	return fullSize(channels, width, 2*width, 4*width, 2*width, width)
}

// TwoLayer is Wide with two blocks.
func TwoLayer(channels, width int) *nn.Network {
	return fullSize(channels, width, 2*width, width)
}

// fullSize is an attacker without strides. The authors' network also has a scale, but does not use
// it.
func fullSize(channels int, widths ...int) *nn.Network {
	b := &nn.Builder{}
	first, last := widths[0], widths[len(widths)-1]
	enter := newEntry(b, channels, first, 1)
	blocks := newAttackerBlocks(b, widths...)
	norm := b.PlainNorm(fmt.Sprintf("res_group.%d", len(widths)), last)
	exit := b.Conv(fmt.Sprintf("res_group.%d", len(widths)+1), nn.Conv3x3(last, nn.ImageChannels, 1).WithBias())
	return &nn.Network{Params: b.Params, Perturb: func(p *nn.Pass, x nn.Parts) nn.Parts {
		x = enter.apply(p, x)
		for _, block := range blocks {
			x = block.apply(p, x)
		}
		return exit.Apply(p, norm.Apply(p, x)).Each(Tanh)
	}}
}

const (
	slimUpsampled  = 16 // channels of slim's transposed convolution
	slimFirstScale = 5
)

// Slim is the attacker that works at half resolution and returns to full resolution at its end. The
// authors' width is 128. channels is 3 for images, or 6 for images and their gradient.
func Slim(channels, width int) *nn.Network {
	b := &nn.Builder{}
	scale := b.Trainable("scale_last", nn.Constant(slimFirstScale), 1)
	enter := newEntry(b, channels, width, 2)
	blocks := newAttackerBlocks(b, width, 2*width, width)
	norm := b.PlainNorm("res_group.3", width)
	up := b.Deconv("res_group.4.conv", width, slimUpsampled)
	upNorm := b.Norm("res_group.4.bn", slimUpsampled, firstEpsilon)
	exit := b.Conv("convfinal", nn.Conv3x3(slimUpsampled+channels, nn.ImageChannels, 1))
	return &nn.Network{Params: b.Params, Perturb: func(p *nn.Pass, x nn.Parts) nn.Parts {
		y := enter.apply(p, x) // [b, h/2, w/2, width]
		for _, block := range blocks {
			y = block.apply(p, y)
		}
		y = up.Apply(p, norm.Apply(p, y))
		y = p.ReLU(upNorm.Apply(p, y)) // [b, h, w, 16]
		y = exit.Apply(p, p.Join(y, x))
		return y.Each(func(y *Node) *Node { return Tanh(Mul(y, Reshape(p.Value(scale)))) })
	}}
}
