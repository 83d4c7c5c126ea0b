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
		Version: 5,
		Doc: "Attacks a classifier with an attacker network that a training of L2L has left (Jiang et al. 2021, section 3): the " +
			"classifier's own, or another one's. " +
			fmt.Sprintf("What becomes of an image depends on those beside it in its batch of %d: gradients are measured on the largest of the batch, ", batch) +
			"and attackers that interpolate, which start anywhere within epsilon, pull an image towards another one of it.",
		Inputs: []pipeline.Port{{Name: "attacker", Type: artifact.TypeClassifier, Doc: "the training whose attacker is used; may be the model itself"}},
		Draws:  true,
	}), learnedParams, pipeline.Work[LearnedParams]{
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
	p := plan{tries: 1, batch: batch, make: func(epsilon float64) ([]leg, error) {
		return single(l2l.NewAttack(v.Evaluator, recipe.Within(epsilon), attacker.Network, attacker.Weights))
	}}
	if recipe.Method.Interpolates() {
		p.start = random.UniformNoise
	}
	return p, nil
}
