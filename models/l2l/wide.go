package l2l

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// Wide is the attacker with four blocks at full resolution; the authors' width is
// 64. It sees channels of images: 3, or 6 where their gradient is among them.
func Wide(channels, width int) *Network {
	return fullSize(channels, width, 2*width, 4*width, 2*width, width)
}

// TwoLayer is Wide with two blocks.
func TwoLayer(channels, width int) *Network {
	return fullSize(channels, width, 2*width, width)
}

// fullSize is an attacker without strides. The authors' has a scale, too, but does
// not use it.
func fullSize(channels int, widths ...int) *Network {
	b := &builder{}
	first, last := widths[0], widths[len(widths)-1]
	enter := b.entry(channels, first, 1)
	blocks := b.attackerBlocks(widths...)
	norm := b.plainNorm(fmt.Sprintf("res_group.%d", len(widths)), last)
	exit := b.conv(fmt.Sprintf("res_group.%d", len(widths)+1), conv3x3(last, imageChannels, 1).withBias())
	return &Network{Params: b.params, perturb: func(p *pass, x parts) parts {
		x = enter.apply(p, x)
		for _, block := range blocks {
			x = block.apply(p, x)
		}
		return exit.apply(p, norm.apply(p, x)).each(Tanh)
	}}
}
