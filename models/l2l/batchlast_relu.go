package l2l

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

func (batchLast) relu(x *Node) *Node {
	return derive([]*Node{x}, func(in []*Node) *Node { return MaxScalar(in[0], 0) },
		func(y, v *Node) []*Node { return []*Node{masked(v, positive(y))} })
}

// prelu is max(x, 0) + slope min(x, 0).
func (batchLast) prelu(x, slope *Node) *Node {
	var above, below *Node
	return derive([]*Node{x, slope}, func(in []*Node) *Node {
		above, below = MaxScalar(in[0], 0), MinScalar(in[0], 0)
		return Add(above, Mul(below, slope))
	}, func(_, v *Node) []*Node {
		kept := masked(v, positive(above))
		return []*Node{
			Add(kept, Mul(Sub(v, kept), slope)),
			Reshape(Dot(Reshape(v, 1, -1), Reshape(below, -1, 1)).MatMul()),
		}
	})
}

// Choosing by value is done on the bits: with random signs a processor predicts half
// of the branches wrong that Where and Sign take.

// masked keeps the values of x where the mask has all bits set, and makes the others 0.
func masked(x, mask *Node) *Node {
	return Bitcast(BitwiseAnd(Bitcast(x, dtypes.Int32), mask), dtypes.Float32)
}

// positive is the mask of what is above 0 among values of which none is below.
func positive(x *Node) *Node { return signs(Neg(Bitcast(x, dtypes.Int32))) }

// negative is the mask of what is below 0, but not -0, which differences of equal
// values never are.
func negative(x *Node) *Node { return signs(Bitcast(x, dtypes.Int32)) }

func signs(bits *Node) *Node { return BitwiseShiftRightArithmeticScalar(bits, 31) }
