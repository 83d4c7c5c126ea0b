package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

func (channelsFirst) affine(x, scale, shift *Node) *Node {
	in := []*Node{x}
	for _, n := range []*Node{scale, shift} {
		if n != nil {
			in = append(in, n)
		}
	}
	return derive(in, func(in []*Node) *Node { return scaledChannels(in[0], scale, shift) }, func(_, v *Node) []*Node {
		gradients := []*Node{scaledChannels(v, scale, nil)}
		if scale != nil {
			gradients = append(gradients, channelSum(Mul(v, x)))
		}
		if shift != nil {
			gradients = append(gradients, channelSum(v))
		}
		return gradients
	})
}

// scaledChannels is x scale + shift for the channels of x [b, c, h, w].
func scaledChannels(x, scale, shift *Node) *Node {
	if scale != nil {
		x = Mul(x, channels(scale))
	}
	if shift != nil {
		x = Add(x, channels(shift))
	}
	return x
}

// channels shapes v [c] for arithmetic with [b, c, h, w].
func channels(v *Node) *Node { return Reshape(v, 1, -1, 1, 1) }

// channelSum adds up the channels of x [b, c, h, w]: [c].
func channelSum(x *Node) *Node { return ReduceSum(x, 0, 2, 3) }

// normalise has the gradient of batchLast's.
func (channelsFirst) normalise(x, scale, shift *Node, epsilon float64) (y, mean, variance *Node) {
	in := []*Node{x}
	if scale != nil {
		in = append(in, scale, shift)
	}
	n := float64(x.Shape().Size() / x.Shape().Dim(1))
	var centred, inverse, factor *Node
	y = derive(in, func(in []*Node) *Node {
		mean = StopGradient(DivScalar(channelSum(in[0]), n))
		centred = Sub(in[0], channels(mean))
		variance = StopGradient(DivScalar(channelSum(Mul(centred, centred)), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return scaledChannels(centred, factor, shift)
	}, func(_, v *Node) []*Node {
		sum, product := channelSum(v), channelSum(Mul(v, centred))
		again := Mul(factor, Mul(Square(inverse), DivScalar(product, -n)))
		gradient := Add(scaledChannels(v, factor, Mul(factor, DivScalar(sum, -n))), scaledChannels(centred, again, nil))
		gradients := []*Node{gradient}
		if scale != nil {
			gradients = append(gradients, Mul(product, inverse), sum)
		}
		return gradients
	})
	return y, mean, variance
}
