package images

import (
	"context"

	"foil/models/ascent"
	"foil/pipeline"
	"foil/spec"
)

// FABParams are the parameters of attack/fab.
type FABParams struct {
	Common
	Iterations int     `yaml:"iterations" min:"1" max:"100000"`
	Restarts   int     `yaml:"restarts" min:"1" max:"1000"`
	Targets    int     `yaml:"targets" min:"1" max:"1000" unit:"classes"`
	AlphaMax   float64 `yaml:"alpha_max" min:"0" max:"1"`
	Eta        float64 `yaml:"eta" above:"0"`
	Beta       float64 `yaml:"beta" min:"0" max:"1"`
}

var fabParams = &spec.Params[FABParams]{
	Defaults: func() FABParams {
		d := ascent.DefaultFAB(0)
		return FABParams{common(), d.Iterations, d.Restarts, mostTargets, d.Pull, d.Overshoot, d.Back}
	},
	Docs: spec.Docs{
		"iterations": "iterations of a try",
		"restarts":   "number of tries for each target, on the images that still stand; the first one starts at the image, the others at random",
		"targets":    "number of target classes: those with the largest logits without an attack; at most all wrong classes",
		"alpha_max":  "largest weight of the projection of the image itself",
		"eta":        "factor for the length of projections; above 1 they go beyond the boundary",
		"beta":       "share of the way from the image to a misclassified point that is kept",
	},
	Nested: []spec.Described{commonParams},
}

func (p *FABParams) attack(v *victim, epsilon float64) ascent.Attack {
	f := ascent.FAB{Epsilon: epsilon, Iterations: p.Iterations, Restarts: p.Restarts, Pull: p.AlphaMax, Overshoot: p.Eta, Back: p.Beta}
	if epsilon == 0 {
		f.Iterations = min(f.Iterations, few)
	}
	return v.FAB(f, p.Targets, v.cell.Seed)
}

// FAB is attack/fab.
func FAB() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/fab",
		Version: 1,
		Doc: "Attacks a classifier with the targeted Fast Adaptive Boundary attack in the maximum norm (Croce and Hein 2020, " +
			"Minimally distorted adversarial examples): it looks for the nearest misclassified image. It succeeds if that is within epsilon. " + stands,
		Draws: true,
		Cost:  pipeline.Cost{Times: []string{"iterations", "restarts", "targets", "model/last.safetensors"}},
	}), fabParams, pipeline.Work[FABParams]{
		Facts: func(p *FABParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(0) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *FABParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: batch, gradients: true, build: func(epsilon float64) ([]leg, error) {
					return single(p.attack(v, epsilon), nil)
				}}, nil
			})
		},
	})
}
