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
		return alike(scaled(x, scale, shift), in[0])
	}, func(y, v *Node) []*Node {
		v = rows(v)
		gradients := []*Node{alike(scaled(v, scale, nil), y)}
		if scale != nil {
			gradients = append(gradients, rowDot(v, x))
		}
		if shift != nil {
			gradients = append(gradients, rowSum(v))
		}
		return gradients
	})
}

// scaled is x scale + shift for the rows of x [c, n].
func scaled(x, scale, shift *Node) *Node {
	if scale != nil {
		x = Mul(x, column(scale, x))
	}
	if shift != nil {
		x = Add(x, column(shift, x))
	}
	return x
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
		centred = Sub(x, column(mean, x))
		variance = StopGradient(DivScalar(rowDot(centred, centred), n))
		inverse = Reciprocal(Sqrt(AddScalar(variance, epsilon)))
		factor = inverse
		if scale != nil {
			factor = Mul(inverse, scale)
		}
		return alike(scaled(centred, factor, shift), in[0])
	}, func(y, v *Node) []*Node {
		v = rows(v)
		sum, product := rowSum(v), rowDot(v, centred)
		again := Mul(factor, Mul(Square(inverse), DivScalar(product, -n)))
		gradient := Add(scaled(v, factor, Mul(factor, DivScalar(sum, -n))), scaled(centred, again, nil))
		gradients := []*Node{alike(gradient, y)}
		if scale != nil {
			gradients = append(gradients, Mul(product, inverse), sum)
		}
		return gradients
	})
	return y, mean, variance
}
