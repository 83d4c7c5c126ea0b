package images

import (
	"context"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

// TransferParams are the parameters of attack/transfer.
type TransferParams struct {
	Common
	Climb
}

var transferParams = &spec.Params[TransferParams]{
	Defaults: func() TransferParams { return TransferParams{common(), climb()} },
	Nested:   []spec.Described{commonParams, climbParams},
}

// Transfer is attack/transfer. More steps on another classifier may do less harm to this one, so the
// rule that compares steps does not apply.
func Transfer() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/transfer",
		Version: 8, // 8: the engine
		Doc: "Attacks a classifier with images that PGD made on another classifier (Jiang et al. 2021, section 4, " +
			"black-box). The attack does not use the classifier under attack. The k of the metrics is the number of steps.",
		Inputs: []pipeline.Port{{Name: "source", Type: artifact.TypeClassifier, Doc: "the classifier that the images are made on"}},
		Draws:  true,
		Cost:   pipeline.Cost{Times: []string{"steps", "source/last.safetensors"}},
	}), transferParams, pipeline.Work[TransferParams]{
		Facts: func(p *TransferParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(p.Steps) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *TransferParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				source, err := v.open("source", v.checkpoint)
				if err != nil {
					return plan{}, err
				}
				return plan{tries: 1, batch: batch, start: p.noise(), build: func(epsilon float64) ([]leg, error) {
					return p.legs(source.Target, epsilon, p.Steps), nil
				}}, nil
			})
		},
	})
}
