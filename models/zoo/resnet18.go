package zoo

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/nn"
)

// ResNet18 is the residual network of four stages of two blocks. The authors' width is 64.
func ResNet18(width, classes int) *nn.Network {
	b := &nn.Builder{}
	first := b.Conv("conv1", nn.Conv3x3(nn.ImageChannels, width, 1))
	norm := b.Norm("bn1", width, nn.NormEpsilon)
	var blocks []basicBlock
	in := width
	for stage := range 4 {
		out := width << stage
		for i := range 2 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			blocks = append(blocks, newBasicBlock(b, fmt.Sprintf("layer%d.%d.", stage+1, i), in, out, stride))
			in = out
		}
	}
	head := b.Dense("linear", in, classes)
	return &nn.Network{Params: b.Params, Head: head, Features: func(p *nn.Pass, x nn.Parts) *Node {
		x = p.ReLU(norm.Apply(p, first.Apply(p, x)))
		for _, block := range blocks {
			x = block.apply(p, x)
		}
		return p.SpaceMean(x)
	}}
}

// basicBlock is ResNet-18's block: two convolutions with batch norm. If the shape changes, the
// shortcut is another convolution with batch norm.
type basicBlock struct {
	conv1, conv2 nn.Conv
	norm1, norm2 nn.BatchNorm
	shortcut     *nn.Conv
	shortcutNorm nn.BatchNorm
}

func newBasicBlock(b *nn.Builder, name string, in, out, stride int) basicBlock {
	block := basicBlock{
		conv1: b.Conv(name+"conv1", nn.Conv3x3(in, out, stride)),
		norm1: b.Norm(name+"bn1", out, nn.NormEpsilon),
		conv2: b.Conv(name+"conv2", nn.Conv3x3(out, out, 1)),
		norm2: b.Norm(name+"bn2", out, nn.NormEpsilon),
	}
	if stride != 1 || in != out {
		shortcut := b.Conv(name+"shortcut.0", nn.Conv1x1(in, out, stride))
		block.shortcut = &shortcut
		block.shortcutNorm = b.Norm(name+"shortcut.1", out, nn.NormEpsilon)
	}
	return block
}

func (k basicBlock) apply(p *nn.Pass, x nn.Parts) nn.Parts {
	y := p.ReLU(k.norm1.Apply(p, k.conv1.Apply(p, x)))
	y = k.norm2.Apply(p, k.conv2.Apply(p, y))
	if k.shortcut != nil {
		x = k.shortcutNorm.Apply(p, k.shortcut.Apply(p, x))
	}
	return p.ReLU(p.Add(y, x))
}
