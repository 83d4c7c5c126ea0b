package adversary

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
)

// Letters in the shapes: b users, l latent, h heads, d hidden, o outputs.

// NumInputs is the number of nodes that a group's loss takes: its parameters and its batch.
const NumInputs = NumParams + 3

// Forward returns the outputs of all heads, [h, b, o], for latent vectors
// [h, b, l].
func (c Config) Forward(z *Node, params []*Node) *Node {
	return c.output(c.hidden(product(z, params), params), params)
}

// product returns the product of the first layer, [h, b, d].
func product(z *Node, params []*Node) *Node { return Einsum("hbl,hdl->hbd", z, params[hiddenWeight]) }

// hidden returns the first layer before its activation, [h, b, d].
func (c Config) hidden(product *Node, params []*Node) *Node {
	return copied(Add(product, params[hiddenBias]))
}

// copied returns x, [h, b, d], by way of a copy. GoMLX's AVX-512 products leave the upper halves of
// the vector registers set. Until they are cleared, each exponential of Sigmoid takes many times
// longer on some processors: a quarter of a training step. Go's memmove clears them, and
// Concatenate is an operation of GoMLX that always calls it.
func copied(x *Node) *Node {
	for axis, n := range x.Shape().Dimensions {
		if n > 1 {
			return Concatenate([]*Node{SliceAxis(x, axis, AxisRange(0, 1)), SliceAxis(x, axis, AxisRangeToEnd(1))}, axis)
		}
	}
	return x
}

func (c Config) output(hidden *Node, params []*Node) *Node {
	if c.Task == Regression {
		hidden = Sigmoid(hidden)
	} else {
		hidden = activation.Relu(hidden)
	}
	return Add(Einsum("hbd,hod->hbo", hidden, params[outWeight]), params[outBias])
}

// loss returns the loss of the outputs [h, b, o] for targets [b, o] and the users' weights [b, 1].
func (c Config) loss(out, target, weight *Node) *Node {
	var perUser *Node // [h, b, o]
	if c.Task == Regression {
		perUser = Square(Sub(out, InsertAxes(target, 0)))
	} else {
		perUser = Neg(Mul(LogSoftmax(out, -1), InsertAxes(target, 0)))
	}
	return DivScalar(ReduceAllSum(Mul(perUser, InsertAxes(weight, 0))), float64(c.Heads))
}

// LossGradients returns the group's loss and its gradients: for x [h, b, l], the latent vectors
// after the dropout of the heads, and for the parameters. inputs are the parameters followed by the
// batch, as Batch.Tensors returns it: x, target [b, o] and the users' weights [b, 1], which sum to
// 1.
//
// The gradients of the first layer are written out. Automatic derivation would need transposed
// copies of the largest arrays.
func (c Config) LossGradients(inputs []*Node) (loss, xGrad *Node, grads []*Node) {
	params, x := inputs[:NumParams], inputs[NumParams]
	loss, hiddenGrad, grads := c.fromProduct(product(x, params), params, inputs[NumParams+1], inputs[NumParams+2])
	grads[hiddenWeight] = Einsum("hdb,hbl->hdl", TransposeAllAxes(hiddenGrad, 0, 2, 1), x) // [h, d, l]
	xGrad = Einsum("hbd,hdl->hbl", hiddenGrad, params[hiddenWeight])                       // [h, b, l]
	return loss, xGrad, grads
}

// fromProduct returns the loss for the product of the first layer, the gradient of that product, and
// those of all parameters but the first layer's weights, which are not used.
func (c Config) fromProduct(product *Node, params []*Node, target, weight *Node) (loss, hiddenGrad *Node, grads []*Node) {
	hidden := c.hidden(product, params) // [h, b, d]
	loss = c.loss(c.output(hidden, params), target, weight)
	tail := Gradient(loss, hidden, params[outWeight], params[outBias])
	hiddenGrad = tail[0]                                // [h, b, d]
	biasGrad := ReduceAndKeep(hiddenGrad, ReduceSum, 1) // [h, 1, d]
	return loss, hiddenGrad, []*Node{hiddenWeight: nil, hiddenBias: biasGrad, outWeight: tail[1], outBias: tail[2]}
}
