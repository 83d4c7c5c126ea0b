package graphs

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Arithmetic on the channels of channelsFirst, with gradients by hand, because ONNX Runtime derives
// them slowly.

// A term is images x with channels multiplied by scale [c]; nil: 1.
type term struct{ x, scale *Node }

func channelSum(x *Node) *Node    { return ReduceSum(x, 0, 2, 3) }
func channelDot(x, y *Node) *Node { return channelSum(Mul(x, y)) }

// blend adds terms and a shift [c], which may be nil. It adds the shift to its first term before it
// adds the others.
func blend(shift *Node, terms ...term) (sum *Node) {
	each := func(v *Node) *Node { return Reshape(v, 1, -1, 1, 1) }
	for i, t := range terms {
		x := t.x
		if t.scale != nil {
			x = Mul(x, each(t.scale))
		}
		if i > 0 {
			sum = Add(sum, x)
			continue
		}
		sum = x
		if shift != nil {
			sum = Add(sum, each(shift))
		}
	}
	return sum
}

func (channelsFirst) affine(x, scale, shift *Node) *Node {
	in := []*Node{x}
	for _, n := range []*Node{scale, shift} {
		if n != nil {
			in = append(in, n)
		}
	}
	return derive(in, func(in []*Node) *Node { return blend(shift, term{in[0], scale}) }, func(_, v *Node) []*Node {
		gradients := []*Node{blend(nil, term{v, scale})}
		if scale != nil {
			gradients = append(gradients, channelDot(v, x))
		}
		if shift != nil {
			gradients = append(gradients, channelSum(v))
		}
		return gradients
	})
}

// normalise has a gradient by hand. With d = x - mean, n values per channel, deviation² = variance +
// epsilon, a = scale / deviation and v the gradient of the result, the gradient in x is
//
//	a v - a sum(v d) / (n deviation²) d - a sum(v) / n
//
// because mean and variance are functions of x, too.
func (channelsFirst) normalise(x, scale, shift *Node, epsilon float64) (y, mean, variance *Node) {
	in := []*Node{x}
	if scale != nil {
		in = append(in, scale, shift)
	}
	n := float64(x.Shape().Size() / x.Shape().Dim(1))
	var centred, inverse, factor *Node
	y = derive(in, func(in []*Node) *Node {
		x := in[0]
		mean = StopGradient(DivScalar(channelSum(x), n))
		centred = blend(Neg(mean), term{x, nil})
		variance = StopGradient(DivScalar(channelDot(centred, centred), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return blend(shift, term{centred, factor})
	}, func(_, v *Node) []*Node {
		total, product := channelSum(v), channelDot(v, centred)
		again := Mul(factor, Mul(Square(inverse), DivScalar(product, -n)))
		constant := Mul(factor, DivScalar(total, -n))
		gradients := []*Node{blend(constant, term{v, factor}, term{centred, again})}
		if scale != nil {
			gradients = append(gradients, Mul(product, inverse), total)
		}
		return gradients
	})
	return y, mean, variance
}
