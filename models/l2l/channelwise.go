package l2l

import (
	"slices"

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

// normaliseBy needs, with d = x - mean, n values of a channel, deviation² = variance +
// epsilon, a = scale / deviation and the gradient v of its result,
//
//	a v - a sum(v d) / (n deviation²) d - a sum(v) / n
//
// as the gradient in x: mean and variance are functions of x, too.
func normaliseBy(a channelwise, x parts, scale, shift *Node, epsilon float64) (y parts, mean, variance *Node) {
	in := slices.Clone([]*Node(x))
	if scale != nil {
		in = append(in, scale, shift)
	}
	n := float64(x.size() / a.channels(x[0]))
	var centred parts
	var inverse, factor *Node
	y = deriveAll(in, func(in []*Node) []*Node {
		x := parts(in[:len(x)])
		mean = StopGradient(DivScalar(sum(x.each(a.sum)), n))
		centred = x.each(func(x *Node) *Node { return a.blend(Neg(mean), term{x, nil}) })
		variance = StopGradient(DivScalar(sum(centred.with(centred, a.dot)), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return centred.each(func(x *Node) *Node { return a.blend(shift, term{x, factor}) })
	}, func(_, gradients []*Node) []*Node {
		v := parts(gradients)
		total, product := sum(v.each(a.sum)), sum(v.with(centred, a.dot))
		again := Mul(factor, Mul(Square(inverse), DivScalar(product, -n)))
		constant := Mul(factor, DivScalar(total, -n))
		back := v.with(centred, func(v, centred *Node) *Node {
			return a.blend(constant, term{v, factor}, term{centred, again})
		})
		if scale != nil {
			back = append(back, Mul(product, inverse), total)
		}
		return back
	})
	return y, mean, variance
}

func sum(x []*Node) *Node {
	total := x[0]
	for _, next := range x[1:] {
		total = Add(total, next)
	}
	return total
}
