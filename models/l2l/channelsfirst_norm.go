package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

func (f channelsFirst) affine(x, scale, shift *Node) *Node { return affineBy(f, x, scale, shift) }

func (f channelsFirst) normalise(x parts, scale, shift *Node, epsilon float64) (y parts, mean, variance *Node) {
	return normaliseBy(f, x, scale, shift, epsilon)
}

func (channelsFirst) channels(x *Node) int   { return x.Shape().Dim(1) }
func (channelsFirst) sum(x *Node) *Node      { return ReduceSum(x, 0, 2, 3) }
func (f channelsFirst) dot(x, y *Node) *Node { return f.sum(Mul(x, y)) }

// blend shifts its first term before it adds others.
func (channelsFirst) blend(shift *Node, terms ...term) (sum *Node) {
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
