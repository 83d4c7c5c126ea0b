package images

import (
	"context"

	"foil/models/ascent"
	"foil/pipeline"
)

// CWParams are the parameters of attack/cw-linf.
type CWParams struct {
	Common
	Iterations   int     `yaml:"iterations" min:"1" max:"100000" doc:"steps of Adam for each constant, at most"`
	Rate         float64 `yaml:"rate" above:"0" doc:"learning rate of Adam"`
	FirstConst   float64 `yaml:"first_const" above:"0" doc:"smallest constant: the weight of a wrong label beside the size of the change"`
	LargestConst float64 `yaml:"largest_const" above:"0" doc:"where the constants end; it is not tried itself"`
	ConstFactor  float64 `yaml:"const_factor" above:"1" doc:"what a constant is multiplied by where it did not do"`
	FirstTau     float64 `yaml:"first_tau" above:"0" max:"1" doc:"tau of the first round: changes below it cost nothing"`
	LastTau      float64 `yaml:"last_tau" above:"0" max:"1" doc:"tau above which there is another round"`
	TauFactor    float64 `yaml:"tau_factor" above:"0" max:"0.999" doc:"what tau is multiplied by from round to round"`
}

// Check reports what no single field shows.
func (p *CWParams) Check(report func(path, format string, args ...any)) {
	p.Common.Check(report)
	if p.FirstConst >= p.LargestConst {
		report("first_const", "is %g, and no constant is tried from largest_const on, %g", p.FirstConst, p.LargestConst)
	}
	if p.FirstTau <= p.LastTau {
		report("first_tau", "is %g, and there is no round with a tau that is not above last_tau, %g", p.FirstTau, p.LastTau)
	}
}

func cwDefaults() any {
	c := ascent.DefaultCW(0)
	return &CWParams{
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
	return attackKind(pipeline.Kind{
		Name:    "attack/cw-linf",
		Version: 5,
		Doc: "Attacks a classifier with Carlini and Wagner's attack in the maximum norm, image by image (Carlini and Wagner 2017; " +
			"Jiang et al. 2021, section 4). Images that are misclassified already are left alone.",
		Params: cwDefaults,
		Run: func(ctx context.Context, cell *pipeline.Cell) error {
			p := cell.Params.(*CWParams)
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: 1, make: func(epsilon float64) ([]leg, error) {
					return single(v.CW(p.attack(epsilon)))
				}}, nil
			})
		},
	})
}
