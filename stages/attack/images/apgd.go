package images

import (
	"context"

	"foil/models/ascent"
	"foil/pipeline"
	"foil/spec"
)

// The attacks of AutoAttack, by the names that its code gives them.
const (
	apgdCE  = "apgd-ce"
	apgdDLR = "apgd-dlr"
	apgdT   = "apgd-t"
	fabT    = "fab-t"
	square  = "square"
)

// mostTargets is the largest number of target classes in AutoAttack.
const mostTargets = 9

// few is the number of iterations that show that an attack with epsilon 0 changes nothing.
const few = 3

// APGDParams are the parameters of attack/apgd.
type APGDParams struct {
	Common
	Objective  string  `yaml:"objective" oneof:"cross-entropy,dlr,targeted-dlr"`
	Iterations int     `yaml:"iterations" min:"1" max:"100000"`
	Restarts   int     `yaml:"restarts" min:"1" max:"1000"`
	Targets    int     `yaml:"targets" min:"1" max:"1000" unit:"classes"`
	Rho        float64 `yaml:"rho" min:"0" max:"1"`
}

var apgdParams = &spec.Params[APGDParams]{
	Defaults: func() APGDParams {
		d := ascent.DefaultAPGD(0)
		return APGDParams{common(), "cross-entropy", d.Iterations, d.Restarts, mostTargets, d.Rho}
	},
	Docs: spec.Docs{
		"objective": "what the attack raises: the cross-entropy, the difference of logits ratio (dlr), or that of one target class after the other (targeted-dlr). " +
			"dlr needs 3 classes, targeted-dlr 4.",
		"iterations": "iterations of a try",
		"restarts":   "number of tries, each from a random start, on the images that still stand; with targets, for each target",
		"targets":    "number of target classes, for objective targeted-dlr: those with the largest logits without an attack; at most all wrong classes",
		"rho":        "at checkpoints the step of an image is halved if its objective grew in at most this share of the iterations",
	},
	Nested: []spec.Described{commonParams},
	Settle: (*APGDParams).settle,
}

// settle clears the parameter that the objective does not use.
func (p *APGDParams) settle() {
	if p.Objective != "targeted-dlr" {
		p.Targets = 0
	}
}

// attack returns the attack for an epsilon.
func (p *APGDParams) attack(v *victim, epsilon float64) (ascent.Attack, error) {
	a := ascent.APGD{Epsilon: epsilon, Iterations: p.Iterations, Restarts: p.Restarts, Rho: p.Rho}
	if epsilon == 0 {
		a.Iterations = min(a.Iterations, few)
	}
	switch p.Objective {
	case "dlr":
		return v.APGDRatio(a, v.cell.Seed)
	case "targeted-dlr":
		return v.APGDTargeted(a, p.Targets, v.cell.Seed)
	}
	return v.APGD(a, v.cell.Seed), nil
}

// APGD is attack/apgd.
func APGD() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/apgd",
		Version: 1,
		Doc: "Attacks a classifier with Auto-PGD in the maximum norm (Croce and Hein 2020): gradient ascent with momentum, " +
			"which chooses the length of its steps itself. " + stands,
		Draws: true,
		Cost:  pipeline.Cost{Times: []string{"iterations", "restarts", "model/last.safetensors"}, Like: []string{"objective", "targets"}},
	}), apgdParams, pipeline.Work[APGDParams]{
		Facts: func(p *APGDParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(0) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *APGDParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: batch, gradients: true, build: func(epsilon float64) ([]leg, error) {
					return single(p.attack(v, epsilon))
				}}, nil
			})
		},
	})
}

// stands is the part of a kind's documentation that the attacks of AutoAttack share.
const stands = "An image that the attack does not make misclassified is not changed. " +
	"The result for an image does not depend on the other images."
