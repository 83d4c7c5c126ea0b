package l2l

import (
	"context"

	"foil/models/backend"
	"foil/models/engine"
)

// An engineTrainer computes the steps of a Trainer with the engine.
type engineTrainer struct {
	config  TrainerConfig
	learner learner
	net     *engine.Net
	attack  *crafting
}

func newEngineTrainer(c TrainerConfig, l learner) (*engineTrainer, error) {
	net, err := engine.New(c.Network, c.Image, backend.Threads(c.Backend))
	if err != nil {
		return nil, err
	}
	a, err := newCrafting(c, l)
	return &engineTrainer{c, l, net, a}, err
}

func (t *engineTrainer) step(ctx context.Context, batch Batch, number int, rate float64) (sum Losses, err error) {
	attacked, err := t.attack.images(ctx, batch)
	if err != nil {
		return sum, err
	}
	if err := t.net.Load(t.learner.weights); err != nil {
		return sum, err
	}
	t.net.ClearGradients()
	loss := t.config.Recipe.Method.loss
	var passes []*engine.Pass
	defer func() {
		for _, p := range passes {
			p.Done()
		}
	}()
	classes := t.config.Network.Classes()
	d := make([][]float32, len(loss.attacked))
	for i, under := range loss.attacked {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		x := batch.X
		if under {
			x = attacked
		}
		p, err := t.net.Train(x, batch.mask(t.config.Network, i))
		if err != nil {
			return sum, err
		}
		passes, d[i] = append(passes, p), make([]float32, len(batch.Labels)*classes)
	}
	logits, gradients := make([][]float32, len(passes)), make([][]float32, len(passes))
	for i, label := range batch.Labels {
		for k, p := range passes {
			logits[k], gradients[k] = p.Output()[i*classes:(i+1)*classes], d[k][i*classes:(i+1)*classes]
		}
		l := loss.image(logits, gradients, label, 1/float32(len(batch.Labels)), float32(t.config.Recipe.Settings.Beta))
		sum.Total += l.Total
		sum.Clean += l.Clean
		sum.Adversarial += l.Adversarial
	}
	for i, p := range passes {
		p.Backward(d[i], engine.OfWeights)
	}
	return sum, t.learner.take(t.net, number, rate)
}
