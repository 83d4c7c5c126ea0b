package l2l

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/ascent"
	"foil/models/backend"
	"foil/models/nn"
)

// NewAttack attacks a classifier with the attacker of a game. The result for an image depends on
// the other images in its batch: gradients are divided by the largest value in the batch, and an
// attacker that interpolates moves an image towards the image at the opposite position of the
// batch. Only such an attacker uses the start. The others start at the images themselves.
func NewAttack(e *nn.Evaluator, r Recipe, n *nn.Network, w *nn.Weights) (ascent.Attack, error) {
	attacker := e.Config.Model(n, w)
	exec, err := backend.Compile(e.Config.Backend, func(in []*Node) []*Node {
		x, start, labels, in := in[0], in[1], in[2], in[3:]
		classifier, in := e.Model.Bind(x, in)
		network, _ := attacker.Bind(x, in)
		return []*Node{r.Attacked(classifier, network, x, start, labels)}
	})
	if err != nil {
		return nil, err
	}
	return ascent.InBatches(e, func(_ context.Context, x, start, labels *tensors.Tensor) (*tensors.Tensor, error) {
		in := append([]any{x, start, labels}, e.Model.Inputs()...)
		out, err := backend.Run(exec, append(in, attacker.Inputs()...)...)
		if err != nil {
			return nil, err
		}
		return out[0], nil
	}), nil
}
