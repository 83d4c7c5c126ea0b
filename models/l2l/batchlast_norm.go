package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

func (f batchLast) affine(x, scale, shift *Node) *Node { return affineBy(f, x, scale, shift) }

func (f batchLast) normalise(x parts, scale, shift *Node, epsilon float64) (y parts, mean, variance *Node) {
	return normaliseBy(f, x, scale, shift, epsilon)
}

func (batchLast) channels(x *Node) int { return x.Shape().Dim(0) }
func (batchLast) sum(x *Node) *Node    { return rowSum(rows(x)) }
func (batchLast) dot(x, y *Node) *Node { return rowDot(rows(x), rows(y)) }

func (batchLast) blend(shift *Node, terms ...term) *Node {
	flat := make([]term, len(terms))
	for i, t := range terms {
		flat[i] = term{rows(t.x), t.scale}
	}
	return alike(blend(shift, flat...), terms[0].x)
}
