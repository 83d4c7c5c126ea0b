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
		"iterations":    "largest number of Adam's steps for a constant",
		"rate":          "learning rate of Adam",
		"first_const":   "smallest constant: the weight of a wrong label beside the size of the change",
		"largest_const": "end of the constants; it is not tried itself",
		"const_factor":  "what a constant is multiplied by after it has failed",
		"first_tau":     "tau of the first round; smaller changes cost nothing",
		"last_tau":      "smallest tau that is followed by another round",
		"tau_factor":    "what tau is multiplied by after a round",
	},
	Nested: []spec.Described{commonParams},
	Check:  (*CWParams).check,
}

func (p *CWParams) check(report spec.Reporter) {
	if p.FirstConst >= p.LargestConst {
		report("first_const", "is %g, and no constant is tried from largest_const on, %g", p.FirstConst, p.LargestConst)
	}
	if p.FirstTau <= p.LastTau {
		report("first_tau", "is %g, and there is no round with a tau that is not above last_tau, %g", p.FirstTau, p.LastTau)
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
		Version: 5,
		Doc: "Attacks a classifier with Carlini and Wagner's attack in the maximum norm, image by image (Carlini and Wagner 2017; " +
			"Jiang et al. 2021, section 4). Images that are misclassified already are left alone.",
	}), cwParams, pipeline.Work[CWParams]{
		Run: func(ctx context.Context, cell *pipeline.Cell, p *CWParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: 1, make: func(epsilon float64) ([]leg, error) {
					return single(v.CW(p.attack(epsilon)))
				}}, nil
			})
		},
	})
}
