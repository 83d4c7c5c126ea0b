package images

import (
	"context"

	"foil/models/ascent"
	"foil/pipeline"
	"foil/spec"
)

// CWParams are the parameters of attack/cw-linf.
type CWParams struct {
	Common
	Iterations   int     `yaml:"iterations" min:"1" max:"100000"`
	Rate         float64 `yaml:"rate" above:"0"`
	FirstConst   float64 `yaml:"first_const" above:"0"`
	LargestConst float64 `yaml:"largest_const" above:"0"`
	ConstFactor  float64 `yaml:"const_factor" above:"1"`
	FirstTau     float64 `yaml:"first_tau" above:"0" max:"1"`
	LastTau      float64 `yaml:"last_tau" above:"0" max:"1"`
	TauFactor    float64 `yaml:"tau_factor" above:"0" max:"0.999"`
}

var cwParams = &spec.Params[CWParams]{
	Defaults: cwDefaults,
	Docs: spec.Docs{
		"iterations":    "largest number of Adam steps for each constant",
		"rate":          "learning rate of Adam",
		"first_const":   "first constant: the weight of a wrong label relative to the size of the change",
		"largest_const": "upper limit of the constant; the limit itself is not tried",
		"const_factor":  "factor for the constant after a failure",
		"first_tau":     "tau of the first round; pixel changes below tau have no cost",
		"last_tau":      "lower limit of tau; there are no more rounds at or below it",
		"tau_factor":    "factor for tau after each round",
	},
	Nested: []spec.Described{commonParams},
	Check:  (*CWParams).check,
}

func (p *CWParams) check(report spec.Reporter) {
	if p.FirstConst >= p.LargestConst {
		report("first_const", "%g must be less than largest_const, %g", p.FirstConst, p.LargestConst)
	}
	if p.FirstTau <= p.LastTau {
		report("first_tau", "%g must be more than last_tau, %g", p.FirstTau, p.LastTau)
	}
}

func cwDefaults() CWParams {
	c := ascent.DefaultCW(0)
	return CWParams{
		Common: common(), Iterations: c.Iterations, Rate: c.Rate,
		FirstConst: c.FirstConst, LargestConst: c.LargestConst, ConstFactor: c.ConstFactor,
		FirstTau: c.FirstTau, LastTau: c.LastTau, TauFactor: c.TauFactor,
	}
}

func (p *CWParams) attack(epsilon float64) ascent.CW {
	return ascent.CW{
		Epsilon: epsilon, Iterations: p.Iterations, Rate: p.Rate,
		FirstConst: p.FirstConst, LargestConst: p.LargestConst, ConstFactor: p.ConstFactor,
		FirstTau: p.FirstTau, LastTau: p.LastTau, TauFactor: p.TauFactor,
	}
}

// CW is attack/cw-linf.
func CW() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/cw-linf",
		Version: 8, // 8: the engine
		Doc: "Attacks a classifier with Carlini and Wagner's attack in the maximum norm, image by image (Carlini and Wagner 2017; " +
			"Jiang et al. 2021, section 4). Images that are misclassified without an attack are not changed.",
		Cost: pipeline.Cost{Times: []string{"iterations", "model/last.safetensors"}},
	}), cwParams, pipeline.Work[CWParams]{
		Facts: func(p *CWParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(0) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *CWParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: 1, build: func(epsilon float64) ([]leg, error) {
					return single(v.CW(p.attack(epsilon)))
				}}, nil
			})
		},
	})
}
