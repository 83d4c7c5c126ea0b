package l2l

import (
	"context"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/ascent"
	"foil/models/backend"
	"foil/models/evaluate"
	"foil/models/graphs"
)

// A graphTrainer computes the steps of a Trainer with graphs.
type graphTrainer struct {
	config  TrainerConfig
	learner learner
	turn    *Exec // loss, its parts, gradients, statistics
	attack  *crafting
}

// A crafting makes the attacked images of a batch; nil: the method has no attack.
type crafting struct {
	recipe Recipe
	climb  ascent.Climb
	judge  *evaluate.Evaluator
}

func newCrafting(c TrainerConfig, l learner) (*crafting, error) {
	if c.Recipe.Method.goal == nil {
		return nil, nil
	}
	judge, err := c.evaluator(l.weights)
	if err != nil {
		return nil, err
	}
	climb, err := ascent.NewClimb(judge, *c.Recipe.Method.goal)
	return &crafting{c.Recipe, climb, judge}, err
}

// images returns the attacked images of a batch, which are those of the batch without an attack.
func (a *crafting) images(ctx context.Context, batch Batch) ([]float32, error) {
	if a == nil {
		return batch.X, ctx.Err()
	}
	start, aim := batch.X, ascent.Aim{Labels: batch.Labels}
	m := a.recipe.Method
	if m.Start != AtImages {
		start = batch.start()
	}
	if m.toLogits {
		a.judge.Config.Batch = len(batch.Labels)
		logits, err := a.judge.Logits(ctx, batch.X)
		if err != nil {
			return nil, err
		}
		aim = ascent.Aim{Logits: logits}
	}
	attacked, _, err := a.climb.Run(ctx, a.recipe.attack(), batch.X, start, aim)
	return attacked, err
}

func newGraphTrainer(c TrainerConfig, l learner) (*graphTrainer, error) {
	t := &graphTrainer{config: c, learner: l}
	var err error
	if t.turn, err = backend.Compile(c.Backend, t.build); err != nil {
		return nil, err
	}
	t.attack, err = newCrafting(c, l)
	return t, err
}

// build makes the graph of a step after the attack. Its inputs are images, attacked images, labels,
// weights and masks.
func (t *graphTrainer) build(in []*Node) []*Node {
	f := graphs.BindMasked(t.config.Network, in[3:])
	r := t.config.Recipe
	loss, clean, adversarial := r.Method.loss.graph(f, in[0], in[1], in[2], r.Settings.Beta)
	return append([]*Node{loss, clean, adversarial}, learned(loss, f)...)
}

func (t *graphTrainer) step(ctx context.Context, batch Batch, number int, rate float64) (Losses, error) {
	attacked, err := t.attack.images(ctx, batch)
	if err != nil {
		return Losses{}, err
	}
	b := batch.tensors(t.config.Network, t.config.Image)
	in := slices.Concat([]any{b.x, images(attacked, t.config.Image), b.labels}, t.learner.weights.Inputs(), b.masks)
	out, err := t.learner.move(t.turn, number, rate, 3, in...)
	if err != nil {
		return Losses{}, err
	}
	parts, err := scalars(out...)
	if err != nil {
		return Losses{}, err
	}
	return Losses{parts[0], parts[1], parts[2]}, nil
}
