package ascent

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// PGD is projected gradient ascent in the maximum norm.
type PGD struct {
	Steps   int
	Step    float64
	Epsilon float64
}

// FGSM is the fast gradient sign method: one step of epsilon from the images themselves.
func FGSM(epsilon float64) PGD { return PGD{Steps: 1, Step: epsilon, Epsilon: epsilon} }

// Next moves images by one step from at, the current state of the attack on x, and returns the
// value of the objective there. The start may be anywhere. Only the moved images are kept within
// epsilon of x and in [0, 1].
func (a PGD) Next(objective Objective, x, at *Node) (next, value *Node) {
	return ascend(objective, x, at, Scalar(x.Graph(), x.DType(), a.Step), Scalar(x.Graph(), x.DType(), a.Epsilon))
}

// ascend is Next with its sizes as scalars of the graph.
func ascend(objective Objective, x, at, step, epsilon *Node) (next, value *Node) {
	value, gradient := ValueGradient(objective, at)
	next = Add(StopGradient(at), Mul(Sign(gradient), step))
	next = Max(Min(next, Add(x, epsilon)), Sub(x, epsilon))
	return StopGradient(ClipScalar(next, 0, 1)), value
}

// Attack makes all steps from start, in one graph. It returns the attacked images, which are a
// constant for gradients, and the value of the objective before each step.
func (a PGD) Attack(objective Objective, x, start *Node) (attacked *Node, values []*Node) {
	at := start
	for range a.Steps {
		var value *Node
		at, value = a.Next(objective, x, at)
		values = append(values, value)
	}
	return at, values
}
