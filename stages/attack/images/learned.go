package images

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/internal/classifiers"
	"foil/models/l2l"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// LearnedParams are the parameters of attack/learned.
type LearnedParams struct{ Common }

var learnedParams = &spec.Params[LearnedParams]{
	Defaults: func() LearnedParams { return LearnedParams{common()} },
	Nested:   []spec.Described{commonParams},
}

// Learned is attack/learned.
func Learned() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/learned",
		Version: 8, // 8: the engine
		Doc: "Attacks a classifier with the attacker network of an L2L training (Jiang et al. 2021, section 3): " +
			"the classifier's own training or another one. " +
			fmt.Sprintf("The result for an image depends on the other images in its batch of %d: ", batch) +
			"gradients are divided by the largest value in the batch, " +
			"and attackers that interpolate move an image towards another one in the batch. " +
			"Attackers that interpolate start at random within epsilon.",
		Inputs: []pipeline.Port{{Name: "attacker", Type: artifact.TypeClassifier, Doc: "the training that the attacker is taken from; may be the same as model"}},
		Draws:  true,
		Cost:   pipeline.Cost{Times: []string{"model/last.safetensors"}},
	}), learnedParams, pipeline.Work[LearnedParams]{
		Facts: func(p *LearnedParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(0) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *LearnedParams) error {
			return p.run(ctx, cell, learnedPlan)
		},
	})
}

func learnedPlan(v *victim) (plan, error) {
	saved, err := classifiers.Read(v.cell.Inputs["attacker"])
	if err == nil {
		err = saved.For(v.cell.Inputs["data"])
	}
	if err != nil {
		return plan{}, fmt.Errorf("attacker: %w", err)
	}
	recipe, attacker, err := saved.OpenAttacker(v.backend, v.checkpoint)
	if err != nil {
		return plan{}, fmt.Errorf("attacker: %w", err)
	}
	p := plan{tries: 1, batch: batch, build: func(epsilon float64) ([]leg, error) {
		return single(l2l.NewAttack(v.Evaluator, recipe.Within(epsilon), attacker.Network, attacker.Weights))
	}}
	if recipe.Method.Interpolates() {
		p.start = random.UniformNoise
	}
	return p, nil
}
