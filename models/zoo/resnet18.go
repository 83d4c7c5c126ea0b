package zoo

import (
	"fmt"

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
	x := b.Then(nn.Images, first, norm, nn.ReLU{})
	for _, block := range blocks {
		x = block.apply(b, x)
	}
	b.Then(x, nn.SpaceMean{}, head)
	return b.Network(nn.ImageChannels)
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

func (k basicBlock) apply(b *nn.Builder, x nn.Value) nn.Value {
	y := b.Then(x, k.conv1, k.norm1, nn.ReLU{}, k.conv2, k.norm2)
	if k.shortcut != nil {
		x = b.Then(x, *k.shortcut, k.shortcutNorm)
	}
	return b.Then(b.Apply(nn.Add{}, y, x), nn.ReLU{})
}
