package nn

import (
	"errors"

	. "github.com/gomlx/gomlx/core/graph"
)

// A BatchNorm is PyTorch's BatchNorm2d. Running statistics move by a tenth towards those of the
// batch, with the unbiased variance.
type BatchNorm struct {
	scale, shift   int // -1: none
	mean, variance int
	epsilon        float64
}

const (
	NormEpsilon  = 1e-5
	normMomentum = 0.1
)

// Norm declares a batch norm with a learned scale and shift.
func (b *Builder) Norm(name string, channels int, epsilon float64) BatchNorm {
	scale := b.Trainable(name+".weight", Constant(1), channels)
	shift := b.Trainable(name+".bias", Constant(0), channels)
	n := b.PlainNorm(name, channels)
	n.scale, n.shift, n.epsilon = scale, shift, epsilon
	return n
}

// PlainNorm declares a batch norm without scale and shift.
func (b *Builder) PlainNorm(name string, channels int) BatchNorm {
	return BatchNorm{
		scale: -1, shift: -1, epsilon: NormEpsilon,
		mean:     b.statistic(name+".running_mean", 0, channels),
		variance: b.statistic(name+".running_var", 1, channels),
	}
}

// Apply normalises the channels of x.
func (n BatchNorm) Apply(p *Pass, x Parts) Parts {
	var scale, shift *Node
	if n.scale >= 0 {
		scale, shift = p.nodes[n.scale], p.nodes[n.shift]
	}
	if p.mode == Training {
		y, mean, variance := p.normalise(x, scale, shift, n.epsilon)
		count := x.size() / mean.Shape().Size()
		if count == 1 {
			panic(errors.New("batch norm gets one value per channel, which has no variance: " +
				"a batch of one image is too small for images of this size"))
		}
		n.move(p, count, mean, variance)
		return y
	}
	factor := Reciprocal(Sqrt(AddScalar(p.nodes[n.variance], n.epsilon)))
	if scale != nil {
		factor = Mul(factor, scale)
	}
	offset := Neg(Mul(p.nodes[n.mean], factor))
	if shift != nil {
		offset = Add(offset, shift)
	}
	return p.affine(x, factor, offset)
}

// move moves the running statistics of the graph towards those of a batch with count values per
// channel.
func (n BatchNorm) move(p *Pass, count int, mean, variance *Node) {
	toward := func(i int, batch *Node) {
		p.nodes[i] = Add(MulScalar(p.nodes[i], 1-normMomentum), MulScalar(batch, normMomentum))
	}
	toward(n.mean, mean)
	toward(n.variance, MulScalar(variance, float64(count)/float64(count-1)))
}
