package images

import (
	"context"

	"foil/models/ascent"
	"foil/pipeline"
	"foil/spec"
)

// SquareParams are the parameters of attack/square.
type SquareParams struct {
	Common
	Queries  int     `yaml:"queries" min:"1" max:"1000000"`
	Restarts int     `yaml:"restarts" min:"1" max:"1000"`
	PInit    float64 `yaml:"p_init" above:"0" max:"1"`
}

var squareParams = &spec.Params[SquareParams]{
	Defaults: func() SquareParams {
		d := ascent.DefaultSquare(0)
		return SquareParams{common(), d.Queries, d.Restarts, d.Share}
	},
	Docs: spec.Docs{
		"queries":  "number of changes of an image that a try shows to the classifier",
		"restarts": "number of tries, each with other random numbers, on the images that still stand",
		"p_init":   "share of an image that the first squares cover",
	},
	Nested: []spec.Described{commonParams},
}

func (p *SquareParams) attack(v *victim, epsilon float64) ascent.Attack {
	q := ascent.SquareAttack{Epsilon: epsilon, Queries: p.Queries, Restarts: p.Restarts, Share: p.PInit}
	if epsilon == 0 {
		q.Queries = min(q.Queries, few)
	}
	return v.Square(q, v.cell.Seed)
}

// Square is attack/square.
func Square() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/square",
		Version: 1,
		Doc: "Attacks a classifier with the Square Attack in the maximum norm (Andriushchenko et al. 2020): a random search that " +
			"uses logits and no gradient. " + stands,
		Draws: true,
		Cost:  pipeline.Cost{Times: []string{"queries", "restarts", "model/last.safetensors"}},
	}), squareParams, pipeline.Work[SquareParams]{
		Facts: func(p *SquareParams, _ map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(0) },
		Run: func(ctx context.Context, cell *pipeline.Cell, p *SquareParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				return plan{tries: 1, batch: batch, build: func(epsilon float64) ([]leg, error) {
					return single(p.attack(v, epsilon), nil)
				}}, nil
			})
		},
	})
}
