package l2l

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// WideResNet is the pre-activation residual network of the paper's main tables:
// WRN-34-10 has depth 34, widen 10 and base 16. The depth is 6 n + 4 with n blocks
// in each of three stages. The authors' code has one more block, of which it makes
// no use: its parameters are in their count of 48,262,586, not here.
func WideResNet(depth, widen, base, classes int) *Network {
	b := &builder{}
	first := b.conv("conv1", wrnConv(conv3x3(imageChannels, base, 1)))
	var blocks []preactBlock
	in := base
	for stage := range 3 {
		out := base * widen << stage
		for i := range (depth - 4) / 6 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			blocks = append(blocks, b.preactBlock(fmt.Sprintf("block%d.layer.%d.", stage+1, i), in, out, stride))
			in = out
		}
	}
	norm := b.norm("bn1", in, normEpsilon)
	head := b.denseFrom("fc", in, classes, pytorchDefault(in), constant(0))
	return &Network{Params: b.params, head: head, features: func(p *pass, x parts) *Node {
		x = first.apply(p, x)
		for _, block := range blocks {
			x = block.apply(p, x)
		}
		return p.spaceMean(p.relu(norm.apply(p, x)))
	}}
}

// wrnConv is a convolution with this network's initialisation, by its outputs.
func wrnConv(s convSpec) convSpec { return s.weights(kaimingNormal(s.fanOut())) }

// preactBlock is batch norm, ReLU and convolution, twice. Where the width changes,
// its shortcut begins behind the first ReLU.
type preactBlock struct {
	norm1, norm2 batchNorm
	conv1, conv2 conv
	shortcut     *conv
}

func (b *builder) preactBlock(name string, in, out, stride int) preactBlock {
	block := preactBlock{
		norm1: b.norm(name+"bn1", in, normEpsilon),
		conv1: b.conv(name+"conv1", wrnConv(conv3x3(in, out, stride))),
		norm2: b.norm(name+"bn2", out, normEpsilon),
		conv2: b.conv(name+"conv2", wrnConv(conv3x3(out, out, 1))),
	}
	if in != out {
		shortcut := b.conv(name+"convShortcut", wrnConv(conv1x1(in, out, stride)))
		block.shortcut = &shortcut
	}
	return block
}

func (k preactBlock) apply(p *pass, x parts) parts {
	y := p.relu(k.norm1.apply(p, x))
	if k.shortcut != nil {
		x = k.shortcut.apply(p, y)
	}
	y = p.relu(k.norm2.apply(p, k.conv1.apply(p, y)))
	return p.add(x, k.conv2.apply(p, y))
}
