package images

import (
	"context"

	"foil/models/ascent"
	"foil/pipeline"
	"foil/spec"
)

// FGSMParams are the parameters of attack/fgsm.
type FGSMParams struct{ Common }

var fgsmParams = &spec.Params[FGSMParams]{
	Defaults: func() FGSMParams { return FGSMParams{common()} },
	Nested:   []spec.Described{commonParams},
}

// FGSM is attack/fgsm.
func FGSM() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/fgsm",
		Version: 8, // 8: the engine
		Doc: "Attacks a classifier with the fast gradient sign method: one step of epsilon from the image (Goodfellow et al. 2015; " +
			"Jiang et al. 2021, section 4).",
		Cost: pipeline.Cost{Times: []string{"model/last.safetensors"}},
	}), fgsmParams, pipeline.Work[FGSMParams]{
		Facts: func(p *FGSMParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(0) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *FGSMParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: batch, gradients: true, build: func(epsilon float64) ([]leg, error) {
					return single(v.PGD(ascent.FGSM(epsilon)), nil)
				}}, nil
			})
		},
	})
}
