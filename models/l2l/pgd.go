package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// PGD is projected gradient ascent in the maximum norm.
type PGD struct {
	Steps   int
	Step    float64
	Epsilon float64
}

// FGSM is the fast gradient sign method: one step as long as allowed, from the
// images themselves.
func FGSM(epsilon float64) PGD { return PGD{Steps: 1, Step: epsilon, Epsilon: epsilon} }

// An Objective is what an attack raises: a number made of images [b, c, h, w].
type Objective func(x *Node) *Node

// Mistake is the objective of most attacks: the cross-entropy of a classifier.
func Mistake(f Classifier, labels *Node) Objective {
	return func(x *Node) *Node { return CrossEntropy(f(x), labels) }
}

// Next moves images one step on from where the attack on x is, and gives the
// objective's value there. The start is wherever it is: only what has been moved is
// kept within epsilon of x and in [0, 1].
func (a PGD) Next(objective Objective, x, at *Node) (next, value *Node) {
	return ascend(objective, x, at, Scalar(x.Graph(), x.DType(), a.Step), Scalar(x.Graph(), x.DType(), a.Epsilon))
}

// ascend is Next with its sizes as scalars of the graph.
func ascend(objective Objective, x, at, step, epsilon *Node) (next, value *Node) {
	value, gradient := valueGradient(objective, at)
	next = Add(StopGradient(at), Mul(Sign(gradient), step))
	next = Max(Min(next, Add(x, epsilon)), Sub(x, epsilon))
	return StopGradient(ClipScalar(next, 0, 1)), value
}

// Attack makes all steps from start on. It gives the images, a constant for
// gradients, and the objective's value before each step.
func (a PGD) Attack(objective Objective, x, start *Node) (attacked *Node, values []*Node) {
	at := start
	for range a.Steps {
		var value *Node
		at, value = a.Next(objective, x, at)
		values = append(values, value)
	}
	return at, values
}

// valueGradient gives an objective's value at x and its gradient there, both
// constants for further gradients.
func valueGradient(objective Objective, x *Node) (value, gradient *Node) {
	x = Identity(StopGradient(x)) // no gradient can be asked for in what StopGradient returns
	value = objective(x)
	return StopGradient(value), StopGradient(Gradient(value, x)[0])
}
