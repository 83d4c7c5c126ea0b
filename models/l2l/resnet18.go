package l2l

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// ResNet18 is the residual network of four stages of two blocks; the authors' width
// is 64.
func ResNet18(width, classes int) *Network {
	b := &builder{}
	first := b.conv("conv1", conv3x3(imageChannels, width, 1))
	norm := b.norm("bn1", width, normEpsilon)
	var blocks []basicBlock
	in := width
	for stage := range 4 {
		out := width << stage
		for i := range 2 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			blocks = append(blocks, b.basicBlock(fmt.Sprintf("layer%d.%d.", stage+1, i), in, out, stride))
			in = out
		}
	}
	head := b.dense("linear", in, classes)
	return &Network{Params: b.params, head: head, features: func(p *pass, x parts) *Node {
		x = p.relu(norm.apply(p, first.apply(p, x)))
		for _, block := range blocks {
			x = block.apply(p, x)
		}
		return p.spaceMean(x)
	}}
}

// basicBlock is ResNet-18's block: two convolutions, each with batch norm, and
// another one beside them where the shape changes.
type basicBlock struct {
	conv1, conv2 conv
	norm1, norm2 batchNorm
	shortcut     *conv
	shortcutNorm batchNorm
}

func (b *builder) basicBlock(name string, in, out, stride int) basicBlock {
	block := basicBlock{
		conv1: b.conv(name+"conv1", conv3x3(in, out, stride)),
		norm1: b.norm(name+"bn1", out, normEpsilon),
		conv2: b.conv(name+"conv2", conv3x3(out, out, 1)),
		norm2: b.norm(name+"bn2", out, normEpsilon),
	}
	if stride != 1 || in != out {
		shortcut := b.conv(name+"shortcut.0", conv1x1(in, out, stride))
		block.shortcut = &shortcut
		block.shortcutNorm = b.norm(name+"shortcut.1", out, normEpsilon)
	}
	return block
}

func (k basicBlock) apply(p *pass, x parts) parts {
	y := p.relu(k.norm1.apply(p, k.conv1.apply(p, x)))
	y = k.norm2.apply(p, k.conv2.apply(p, y))
	if k.shortcut != nil {
		x = k.shortcutNorm.apply(p, k.shortcut.apply(p, x))
	}
	return p.relu(p.add(y, x))
}
