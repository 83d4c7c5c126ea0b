package l2l

import (
	"context"
	"errors"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/backend"
	"foil/models/engine"
	"foil/models/evaluate"
	"foil/models/nn"
)

// NewAttack attacks a classifier with the attacker of a game. The result for an image depends on
// the other images in its batch: gradients are divided by the largest value in the batch, and an
// attacker that interpolates moves an image towards the image at the opposite position of the
// batch. Only such an attacker uses the start. The others start at the images themselves.
func NewAttack(e *evaluate.Evaluator, r Recipe, n *nn.Network, w *nn.Weights) (ascent.Attack, error) {
	prepare := newAttackGraph
	if e.Net != nil {
		prepare = newAttackEngine
	}
	transform, err := prepare(e, r, n, w)
	if err != nil {
		return nil, err
	}
	return ascent.InBatches(e, transform), nil
}

func newAttackGraph(e *evaluate.Evaluator, r Recipe, n *nn.Network, w *nn.Weights) (evaluate.Transform, error) {
	attacker := e.Config.Model(n, w)
	exec, err := backend.Compile(e.Config.Backend, func(in []*Node) []*Node {
		x, start, labels, in := in[0], in[1], in[2], in[3:]
		classifier, in := e.Model.Bind(x, in)
		network, _ := attacker.Bind(x, in)
		return []*Node{r.Attacked(classifier, network, x, start, labels)}
	})
	return func(_ context.Context, x, start []float32, labels []int32) ([]float32, error) {
		in := append([]any{e.Images(x), e.Images(start), labels}, e.Model.Inputs()...)
		out, err := backend.Run(exec, append(in, attacker.Inputs()...)...)
		if err != nil {
			return nil, err
		}
		attacked, err := backend.Copy(out[0])
		return attacked, errors.Join(err, backend.Release(out[0]))
	}, err
}

func newAttackEngine(e *evaluate.Evaluator, r Recipe, n *nn.Network, w *nn.Weights) (evaluate.Transform, error) {
	attacker, err := e.Config.Net(n, w)
	if err != nil {
		return nil, err
	}
	var features *evaluate.Net
	if r.Method.Interpolates() {
		if features, err = e.Config.Net(e.Config.Network.Body(), e.Model.Weights); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, x, start []float32, labels []int32) ([]float32, error) {
		round := &engineRound{ctx: ctx, recipe: r, image: e.Config.Shape, labels: labels}
		for _, on := range []struct {
			from *evaluate.Net
			to   **engine.Net
		}{{e.Net, &round.classifier.net}, {attacker, &round.attacker.net}, {features, &round.features}} {
			if on.from == nil {
				continue
			}
			net, err := on.from.Current()
			if err != nil {
				return nil, err
			}
			*on.to = net
		}
		var attacked *wave
		if r.Method.Interpolates() {
			attacked = round.interpolated(x, start)
		} else {
			attacked = round.perturbed(x)
		}
		if round.err != nil {
			return nil, round.err
		}
		return attacked.x, ctx.Err()
	}, nil
}
