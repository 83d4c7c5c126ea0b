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

// Transfer is attack/transfer. More steps on another classifier may well do less harm
// to this one, so nothing is asked of its first step.
func Transfer() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/transfer",
		Version: 5,
		Doc: "Attacks a classifier with images that PGD made on another one, without looking at the first (Jiang et al. 2021, section 4, " +
			"black-box). The metrics' k is the number of steps.",
		Inputs: []pipeline.Port{{Name: "source", Type: artifact.TypeClassifier, Doc: "the classifier that the images are made on"}},
		Draws:  true,
	}), transferParams, pipeline.Work[TransferParams]{
		Run: func(ctx context.Context, cell *pipeline.Cell, p *TransferParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				source, err := v.open("source", v.checkpoint)
				if err != nil {
					return plan{}, err
				}
				return plan{tries: 1, batch: batch, start: p.noise(), make: func(epsilon float64) ([]leg, error) {
					return p.legs(source.Target, epsilon, p.Steps), nil
				}}, nil
			})
		},
	})
}
