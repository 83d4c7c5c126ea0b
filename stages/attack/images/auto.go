package images

import (
	"context"
	"fmt"

	"foil/internal/attributes"
	"foil/pipeline"
	"foil/spec"
)

// AutoParams are the parameters of attack/auto.
type AutoParams struct {
	Common
	Attacks  []string `yaml:"attacks" oneof:"apgd-ce,apgd-dlr,apgd-t,fab-t,square" nonempty:"true"`
	Restarts int      `yaml:"restarts" min:"1" max:"1000"`
}

var autoParams = &spec.Params[AutoParams]{
	Defaults: func() AutoParams {
		return AutoParams{common(), []string{apgdCE, apgdT, fabT, square}, 1}
	},
	Docs: spec.Docs{
		"attacks":  "the attacks in their order. apgd-ce, apgd-dlr and apgd-t are attack/apgd with its three objectives, fab-t is attack/fab, square is attack/square.",
		"restarts": "number of tries of each attack, and of those with targets for each target",
	},
	Nested: []spec.Described{commonParams},
	Check: func(p *AutoParams, report spec.Reporter) {
		attributes.CheckUnique("attacks", "", p.Attacks, report)
	},
}

// legs returns the attacks, each with its defaults.
func (p *AutoParams) legs(v *victim, epsilon float64) (legs []leg, err error) {
	for _, name := range p.Attacks {
		l := leg{name: name, shown: true}
		switch name {
		case fabT:
			fab := fabParams.New()
			fab.Restarts = p.Restarts
			l.Attack = fab.attack(v, epsilon)
		case square:
			search := squareParams.New()
			search.Restarts = p.Restarts
			l.Attack, l.blackBox = search.attack(v, epsilon), true
		default:
			climb := apgdParams.New()
			climb.Objective, climb.Restarts = map[string]string{apgdCE: "cross-entropy", apgdDLR: "dlr", apgdT: "targeted-dlr"}[name], p.Restarts
			if l.Attack, err = climb.attack(v, epsilon); err != nil {
				return nil, fmt.Errorf("%s: %w; leave it out of attacks", name, err)
			}
		}
		legs = append(legs, l)
	}
	return legs, nil
}

// Auto is attack/auto.
func Auto() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/auto",
		Version: 1,
		Doc: "Attacks a classifier with AutoAttack's standard set in the maximum norm (Croce and Hein 2020): APGD on the cross-entropy, " +
			"APGD and FAB for target classes, and the Square Attack, each on the images that are still classified correctly. " + stands,
		Draws: true,
		Cost:  pipeline.Cost{Times: []string{"restarts", "model/last.safetensors"}, Like: []string{"attacks"}},
	}, "with an attack as the group: accuracy and success after this attack and those before it"), autoParams, pipeline.Work[AutoParams]{
		Facts: func(p *AutoParams, _ map[string]*pipeline.Facts) *pipeline.Facts {
			return p.factsOf(p.Attacks)
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *AutoParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: batch, gradients: true, build: func(epsilon float64) ([]leg, error) {
					return p.legs(v, epsilon)
				}}, nil
			})
		},
	})
}
