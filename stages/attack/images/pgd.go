package images

import (
	"context"

	"foil/models/l2l"
	"foil/pipeline"
)

// Climb is projected gradient ascent as attacks on test images use it. The defaults
// are the published ones (Jiang et al. 2021, section 4).
type Climb struct {
	Steps int     `yaml:"steps" min:"1" max:"100000" doc:"how many steps"`
	Step  float64 `yaml:"step" above:"0" max:"1" doc:"length of one"`
	Start string  `yaml:"start" oneof:"uniform,normal,none" doc:"where it starts: anywhere within epsilon, near the image with normal noise, or at it"`
	Noise float64 `yaml:"noise" min:"0" max:"1" doc:"standard deviation of the noise of start normal"`
}

func climb() Climb { return Climb{Steps: 20, Step: 0.003, Start: "uniform", Noise: 0.001} }

// Settle clears what the start has no use for.
func (c *Climb) Settle() {
	if c.Start != "normal" {
		c.Noise = 0
	}
}

// plan climbs on a classifier, which need not be the one under attack.
func (c Climb) plan(on *l2l.Evaluator, tries int) plan {
	starts := map[string]noise{"uniform": uniform, "normal": normal(c.Noise)}
	return plan{tries: tries, batch: batch, start: starts[c.Start], make: func(epsilon float64) (l2l.Attack, error) {
		return on.PGD(l2l.PGD{Steps: c.Steps, Step: c.Step, Epsilon: epsilon}), nil
	}}
}

// PGDParams are the parameters of attack/pgd.
type PGDParams struct {
	Common
	Climb
	Restarts int `yaml:"restarts" min:"1" max:"1000" doc:"how often it is tried from other starts: an image stands if it stands all of them"`
}

// Check reports what no single field shows.
func (p *PGDParams) Check(report func(path, format string, args ...any)) {
	p.Common.Check(report)
	if p.Restarts > 1 && p.Start == "none" {
		report("restarts", "%d tries that all start at the image are the same; take start uniform or normal, or restarts 1", p.Restarts)
	}
}

// PGD is attack/pgd.
func PGD() pipeline.Kind {
	return attackKind(pipeline.Kind{
		Name: "attack/pgd",
		Doc: "Attacks a classifier by projected gradient ascent in the maximum norm, from one start or several (Madry et al. 2018; " +
			"Jiang et al. 2021, section 4).",
		Draws:  true,
		Params: func() any { return &PGDParams{common(), climb(), 1} },
		Run: func(ctx context.Context, cell *pipeline.Cell) error {
			p := cell.Params.(*PGDParams)
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				pl := p.Climb.plan(v.Evaluator, p.Restarts)
				pl.shorter = v.PGD(l2l.PGD{Steps: 1, Step: p.Step, Epsilon: p.Epsilon})
				return pl, nil
			})
		},
	})
}
