package zoo

import (
	"fmt"

	"foil/models/nn"
)

// WideResNet is the pre-activation residual network of the paper's main tables. WRN-34-10 has depth
// 34, widen 10 and base 16. The depth is 6 n + 4 with n blocks in each of three stages. The
// authors' code has one more block that it does not use. Its parameters are part of their count of
// 48,262,586, but not of this network.
func WideResNet(depth, widen, base, classes int) *nn.Network {
	b := &nn.Builder{}
	first := b.Conv("conv1", wrnConv(nn.Conv3x3(nn.ImageChannels, base, 1)))
	var blocks []preactBlock
	in := base
	for stage := range 3 {
		out := base * widen << stage
		for i := range (depth - 4) / 6 {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			blocks = append(blocks, newPreactBlock(b, fmt.Sprintf("block%d.layer.%d.", stage+1, i), in, out, stride))
			in = out
		}
	}
	norm := b.Norm("bn1", in, nn.NormEpsilon)
	head := b.DenseFrom("fc", in, classes, nn.PyTorchDefault(in), nn.Constant(0))
	x := b.Apply(first, nn.Images)
	for _, block := range blocks {
		x = block.apply(b, x)
	}
	b.Then(x, norm, nn.ReLU{}, nn.SpaceMean{}, head)
	return b.Network(nn.ImageChannels)
}

// wrnConv adds the initialisation of this network to a convolution, by its fan out.
func wrnConv(s nn.ConvSpec) nn.ConvSpec { return s.WithWeights(nn.KaimingNormal(s.FanOut())) }

// preactBlock is batch norm, ReLU and convolution, twice. If the width changes, the shortcut starts
// after the first ReLU.
type preactBlock struct {
	norm1, norm2 nn.BatchNorm
	conv1, conv2 nn.Conv
	shortcut     *nn.Conv
}

func newPreactBlock(b *nn.Builder, name string, in, out, stride int) preactBlock {
	block := preactBlock{
		norm1: b.Norm(name+"bn1", in, nn.NormEpsilon),
		conv1: b.Conv(name+"conv1", wrnConv(nn.Conv3x3(in, out, stride))),
		norm2: b.Norm(name+"bn2", out, nn.NormEpsilon),
		conv2: b.Conv(name+"conv2", wrnConv(nn.Conv3x3(out, out, 1))),
	}
	if in != out {
		shortcut := b.Conv(name+"convShortcut", wrnConv(nn.Conv1x1(in, out, stride)))
		block.shortcut = &shortcut
	}
	return block
}

func (k preactBlock) apply(b *nn.Builder, x nn.Value) nn.Value {
	y := b.Then(x, k.norm1, nn.ReLU{})
	if k.shortcut != nil {
		x = b.Apply(*k.shortcut, y)
	}
	y = b.Then(y, k.conv1, k.norm2, nn.ReLU{}, k.conv2)
	return b.Apply(nn.Add{}, x, y)
}
