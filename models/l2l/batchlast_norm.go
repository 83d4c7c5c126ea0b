package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

func (batchLast) affine(x, scale, shift *Node) *Node {
	var in []*Node
	for _, n := range []*Node{x, scale, shift} {
		if n != nil {
			in = append(in, n)
		}
	}
	return derive(in, func(in []*Node) *Node {
		x = rows(in[0])
		return alike(blend(shift, term{x, scale}), in[0])
	}, func(y, v *Node) []*Node {
		v = rows(v)
		gradients := []*Node{alike(blend(nil, term{v, scale}), y)}
		if scale != nil {
			gradients = append(gradients, rowDot(v, x))
		}
		if shift != nil {
			gradients = append(gradients, rowSum(v))
		}
		return gradients
	})
}

// normalise needs, with d = x - mean, n values of a channel, a = scale / deviation and
// the gradient v of its result,
//
//	a v - a sum(v d) / (n variance) d - a sum(v) / n
//
// as the gradient in x: mean and variance are functions of x, too.
func (batchLast) normalise(x, scale, shift *Node, epsilon float64) (y, mean, variance *Node) {
	in := []*Node{x}
	if scale != nil {
		in = append(in, scale, shift)
	}
	n := float64(x.Shape().Size() / x.Shape().Dim(0))
	var centred, inverse, factor *Node
	y = derive(in, func(in []*Node) *Node {
		x := rows(in[0])
		mean = StopGradient(DivScalar(rowSum(x), n))
		centred = blend(Neg(mean), term{x, nil})
		variance = StopGradient(DivScalar(rowDot(centred, centred), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return alike(blend(shift, term{centred, factor}), in[0])
	}, func(y, v *Node) []*Node {
		v = rows(v)
		sum, product := rowSum(v), rowDot(v, centred)
		again := Mul(factor, Mul(Square(inverse), DivScalar(product, -n)))
		gradient := blend(Mul(factor, DivScalar(sum, -n)), term{v, factor}, term{centred, again})
		gradients := []*Node{alike(gradient, y)}
		if scale != nil {
			gradients = append(gradients, Mul(product, inverse), sum)
		}
		return gradients
	})
	return y, mean, variance
}
