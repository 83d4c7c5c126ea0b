package zoo

import (
	"fmt"
	"math"

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

func (e entry) apply(b *nn.Builder, x nn.Value) nn.Value {
	return b.Then(x, e.conv, e.norm, nn.ReLU{})
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

func (a attackerBlock) apply(b *nn.Builder, x nn.Value) nn.Value {
	y := b.Then(x, a.norm1, a.act1, a.conv1, a.norm2, a.act2, a.conv2)
	if a.shortcut != nil {
		x = b.Apply(*a.shortcut, x)
	}
	return b.Apply(nn.Add{}, y, x)
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
	x := enter.apply(b, nn.Images)
	for _, block := range blocks {
		x = block.apply(b, x)
	}
	b.Then(x, norm, exit, nn.Tanh{Scale: -1})
	return b.Network(channels)
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
	y := enter.apply(b, nn.Images) // [b, width, h/2, w/2]
	for _, block := range blocks {
		y = block.apply(b, y)
	}
	y = b.Then(y, norm, up, upNorm, nn.ReLU{}) // [b, 16, h, w]
	b.Then(b.Apply(nn.Join{}, y, nn.Images), exit, nn.Tanh{Scale: scale})
	return b.Network(channels)
}
