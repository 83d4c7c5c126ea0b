package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A channelwise is the arithmetic on the channels of images in which affine and
// normalise are made, with gradients by hand, for the forms whose backends derive it
// slowly.
type channelwise interface {
	channels(x *Node) int // how many there are
	sum(x *Node) *Node    // of each channel: [c]
	dot(x, y *Node) *Node // of each channel with the other's: [c]
	// blend adds up terms, and a shift [c], which may be nil.
	blend(shift *Node, terms ...term) *Node
}

// A term is images x whose channels are multiplied by scale [c]; nil is 1.
type term struct{ x, scale *Node }

func affineBy(a channelwise, x, scale, shift *Node) *Node {
	in := []*Node{x}
	for _, n := range []*Node{scale, shift} {
		if n != nil {
			in = append(in, n)
		}
	}
	return derive(in, func(in []*Node) *Node { return a.blend(shift, term{in[0], scale}) }, func(_, v *Node) []*Node {
		gradients := []*Node{a.blend(nil, term{v, scale})}
		if scale != nil {
			gradients = append(gradients, a.dot(v, x))
		}
		if shift != nil {
			gradients = append(gradients, a.sum(v))
		}
		return gradients
	})
}

// normaliseBy needs, with d = x - mean, n values of a channel, a = scale / deviation and
// the gradient v of its result,
//
//	a v - a sum(v d) / (n variance) d - a sum(v) / n
//
// as the gradient in x: mean and variance are functions of x, too.
func normaliseBy(a channelwise, x, scale, shift *Node, epsilon float64) (y, mean, variance *Node) {
	in := []*Node{x}
	if scale != nil {
		in = append(in, scale, shift)
	}
	n := float64(x.Shape().Size() / a.channels(x))
	var centred, inverse, factor *Node
	y = derive(in, func(in []*Node) *Node {
		mean = StopGradient(DivScalar(a.sum(in[0]), n))
		centred = a.blend(Neg(mean), term{in[0], nil})
		variance = StopGradient(DivScalar(a.dot(centred, centred), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return a.blend(shift, term{centred, factor})
	}, func(_, v *Node) []*Node {
		sum, product := a.sum(v), a.dot(v, centred)
		again := Mul(factor, Mul(Square(inverse), DivScalar(product, -n)))
		gradients := []*Node{a.blend(Mul(factor, DivScalar(sum, -n)), term{v, factor}, term{centred, again})}
		if scale != nil {
			gradients = append(gradients, Mul(product, inverse), sum)
		}
		return gradients
	})
	return y, mean, variance
}
