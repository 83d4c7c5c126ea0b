package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A batchNorm is PyTorch's BatchNorm2d: running statistics move by a tenth, with
// the unbiased variance.
type batchNorm struct {
	scale, shift   int // -1 for none
	mean, variance int
	epsilon        float64
}

const (
	normEpsilon  = 1e-5
	normMomentum = 0.1
)

// norm declares a batch norm with a learned scale and shift.
func (b *builder) norm(name string, channels int, epsilon float64) batchNorm {
	scale := b.trainable(name+".weight", constant(1), channels)
	shift := b.trainable(name+".bias", constant(0), channels)
	n := b.plainNorm(name, channels)
	n.scale, n.shift, n.epsilon = scale, shift, epsilon
	return n
}

// plainNorm declares a batch norm that only normalises.
func (b *builder) plainNorm(name string, channels int) batchNorm {
	return batchNorm{
		scale: -1, shift: -1, epsilon: normEpsilon,
		mean:     b.statistic(name+".running_mean", 0, channels),
		variance: b.statistic(name+".running_var", 1, channels),
	}
}

// apply normalises the channels of x [b, h, w, c].
func (n batchNorm) apply(p *pass, x *Node) *Node {
	mean, variance := p.nodes[n.mean], p.nodes[n.variance]
	if p.mode == Training {
		mean, variance = n.move(p, x)
	}
	inverse := Reciprocal(Sqrt(AddScalar(variance, n.epsilon)))
	if p.mode == Training {
		x = throughStatistics(x, mean, inverse)
	}
	if n.scale < 0 {
		return Mul(Sub(x, perChannel(mean, x)), perChannel(inverse, x))
	}
	normal := Mul(Sub(x, perChannel(mean, x)), perChannel(inverse, x))
	return Add(Mul(normal, perChannel(p.nodes[n.scale], x)), perChannel(p.nodes[n.shift], x))
}

// move returns the batch's mean and biased variance [c], and moves the running
// statistics of the graph. No gradient flows through any of them.
func (n batchNorm) move(p *pass, x *Node) (mean, variance *Node) {
	x = StopGradient(x)
	count := float64(x.Shape().Size() / x.Shape().Dim(-1))
	mean = channelMean(x)
	variance = channelMean(Square(Sub(x, perChannel(mean, x))))
	toward := func(i int, batch *Node) {
		p.nodes[i] = Add(MulScalar(p.nodes[i], 1-normMomentum), MulScalar(batch, normMomentum))
	}
	toward(n.mean, mean)
	toward(n.variance, MulScalar(variance, count/(count-1)))
	return mean, variance
}

// throughStatistics returns x, with the gradient that x has through the mean and
// the variance added to the one it has beside them. With n = (x - mean) inverse and
// v the gradient that comes along when both are constants, that gradient is
//
//	v - mean(v) - n mean(v n)
//
// which takes fewer passes over x than deriving each operation.
func throughStatistics(x, mean, inverse *Node) *Node {
	return IdentityWithCustomGradient(x, func(x, v *Node) *Node {
		normal := Mul(Sub(x, perChannel(mean, x)), perChannel(inverse, x))
		v = Sub(v, perChannel(channelMean(v), v))
		return Sub(v, Mul(normal, perChannel(channelMean(Mul(v, normal)), v)))
	})
}

// channelMean returns the mean [c] of x [..., c] over all but the channels, as a
// product with ones: the Go backend's reductions are slower.
func channelMean(x *Node) *Node {
	c := x.Shape().Dim(-1)
	n := x.Shape().Size() / c
	ones := MulScalar(onesOf(x, 1, n), 1/float64(n))
	return Reshape(Dot(ones, Reshape(x, n, c)).MatMul(), c)
}
