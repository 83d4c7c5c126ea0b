package nn

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
)

// A channelwise is the arithmetic on channels that affine and normalise consist of. It has
// gradients by hand, for the forms whose backends derive them slowly.
type channelwise interface {
	channels(x *Node) int // the number of channels
	sum(x *Node) *Node    // of each channel: [c]
	dot(x, y *Node) *Node // of the channels of x and y: [c]
	// blend adds terms and a shift [c]; the shift may be nil.
	blend(shift *Node, terms ...term) *Node
}

// A term is images x with channels multiplied by scale [c]; nil: 1.
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

// normaliseBy is normalise with a gradient by hand. With d = x - mean, n values per channel,
// deviation² = variance + epsilon, a = scale / deviation and v the gradient of the result, the
// gradient in x is
//
//	a v - a sum(v d) / (n deviation²) d - a sum(v) / n
//
// because mean and variance are functions of x, too.
func normaliseBy(a channelwise, x Parts, scale, shift *Node, epsilon float64) (y Parts, mean, variance *Node) {
	in := slices.Clone([]*Node(x))
	if scale != nil {
		in = append(in, scale, shift)
	}
	n := float64(x.size() / a.channels(x[0]))
	var centred Parts
	var inverse, factor *Node
	y = deriveAll(in, func(in []*Node) []*Node {
		x := Parts(in[:len(x)])
		mean = StopGradient(DivScalar(sum(x.Each(a.sum)), n))
		centred = x.Each(func(x *Node) *Node { return a.blend(Neg(mean), term{x, nil}) })
		variance = StopGradient(DivScalar(sum(centred.with(centred, a.dot)), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return centred.Each(func(x *Node) *Node { return a.blend(shift, term{x, factor}) })
	}, func(_, gradients []*Node) []*Node {
		v := Parts(gradients)
		total, product := sum(v.Each(a.sum)), sum(v.with(centred, a.dot))
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

// blendLimit is the largest number of channels for which a product with diagonal matrices is faster
// than broadcasting and arithmetic value by value. The product also uses all threads.
const blendLimit = 64

// blend adds terms of matrices [c, n], and a shift [c] for each row, which may be nil. A value in
// one channel that is not finite may make the other channels of its position NaN, because zeros of
// the matrix are multiplied with it.
func blend(shift *Node, terms ...term) *Node {
	c, n := terms[0].x.Shape().Dim(0), terms[0].x.Shape().Dim(1)
	if len(terms) == 1 && terms[0].scale == nil && shift == nil {
		return terms[0].x
	}
	if c > blendLimit {
		return blendByValue(shift, terms)
	}
	var matrix, stack []*Node
	for _, t := range terms {
		matrix, stack = append(matrix, diagonal(t, c)), append(stack, t.x)
	}
	if shift != nil {
		matrix, stack = append(matrix, Reshape(shift, c, 1)), append(stack, onesOf(shift, 1, n))
	}
	return Dot(join(matrix, 1), join(stack, 0)).MatMul()
}

func diagonal(t term, c int) *Node {
	eye := ConvertDType(Diagonal(t.x.Graph(), c), t.x.DType())
	if t.scale == nil {
		return eye
	}
	return Mul(eye, Reshape(t.scale, c, 1))
}

func blendByValue(shift *Node, terms []term) (sum *Node) {
	for _, t := range terms {
		x := t.x
		if t.scale != nil {
			x = Mul(x, column(t.scale, x))
		}
		if sum == nil {
			sum = x
		} else {
			sum = Add(sum, x)
		}
	}
	if shift != nil {
		sum = Add(sum, column(shift, sum))
	}
	return sum
}
