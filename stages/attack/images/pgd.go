package images

import (
	"context"
	"fmt"
	"slices"

	"foil/models/ascent"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

// Climb is projected gradient ascent as attacks on test images use it. The defaults
// are the published ones (Jiang et al. 2021, section 4).
type Climb struct {
	Steps int     `yaml:"steps" min:"1" max:"100000"`
	Step  float64 `yaml:"step" above:"0" max:"1"`
	Start string  `yaml:"start" oneof:"uniform,normal,none"`
	Noise float64 `yaml:"noise" min:"0" max:"1"`
}

func climb() Climb { return Climb{Steps: 20, Step: 0.003, Start: "uniform", Noise: 0.001} }

var climbParams = &spec.Params[Climb]{
	Docs: spec.Docs{
		"steps": "number of steps",
		"step":  "length of a step",
		"start": "where it starts: at random within epsilon (uniform), at the image with normal noise (normal), or at the image (none)",
		"noise": "standard deviation of the noise, with start normal",
	},
	Settle: (*Climb).settle,
}

// settle clears what the start does not use.
func (c *Climb) settle() {
	if c.Start != "normal" {
		c.Noise = 0
	}
}

// noise is what the start adds to the images.
func (c Climb) noise() func(epsilon float64) random.Noise {
	return map[string]func(float64) random.Noise{
		"uniform": random.UniformNoise,
		"normal":  func(float64) random.Noise { return random.NormalNoise(c.Noise) },
	}[c.Start]
}

// legs climb on a classifier, which need not be the one under attack. They end after so
// many steps, which rise.
func (c Climb) legs(on *ascent.Target, epsilon float64, ends ...int) (legs []leg) {
	made := 0
	for _, steps := range ends {
		part := ascent.PGD{Steps: steps - made, Step: c.Step, Epsilon: epsilon}
		legs = append(legs, leg{on.PGD(part), steps, true})
		made = steps
	}
	return legs
}

// PGDParams are the parameters of attack/pgd.
type PGDParams struct {
	Common
	Climb
	Before   []int `yaml:"before" min:"1" unit:"steps"`
	Restarts int   `yaml:"restarts" min:"1" max:"1000"`
}

var pgdParams = &spec.Params[PGDParams]{
	Defaults: func() PGDParams { return PGDParams{common(), climb(), nil, 1} },
	Docs: spec.Docs{
		"before":   "further numbers of steps after which the images are judged, all below steps. The k of the metrics is the number of steps.",
		"restarts": "number of tries, each from another start; an image is robust if it withstands all of them",
	},
	Nested: []spec.Described{commonParams, climbParams},
	Check:  (*PGDParams).check,
}

func (p *PGDParams) check(report spec.Reporter) {
	for i, steps := range p.Before {
		path := fmt.Sprintf("before[%d]", i)
		switch {
		case steps >= p.Steps:
			report(path, "%d steps are not before the end, which is after %d (steps)", steps, p.Steps)
		case i > 0 && steps <= p.Before[i-1]:
			report(path, "%d follows %d; the numbers of steps must increase", steps, p.Before[i-1])
		}
	}
	if p.Restarts > 1 && p.Start == "none" {
		report("restarts", "%d tries that all start at the image are the same; take start uniform or normal, or restarts 1", p.Restarts)
	}
}

// PGD is attack/pgd.
func PGD() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/pgd",
		Version: 5,
		Doc: "Attacks a classifier by projected gradient ascent in the maximum norm, from one start or several (Madry et al. 2018; " +
			"Jiang et al. 2021, section 4). The metrics' k is the number of steps; the outcomes are those after all steps.",
		Draws: true,
	}), pgdParams, pipeline.Work[PGDParams]{
		Run: func(ctx context.Context, cell *pipeline.Cell, p *PGDParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) { return p.plan(v.Target), nil })
		},
	})
}

// plan looks at the images after the first step as well, for the rules.
func (p *PGDParams) plan(on *ascent.Target) plan {
	ends := append(slices.Clone(p.Before), p.Steps)
	first := ends[0]
	if first > 1 {
		ends = append([]int{1}, ends...)
	}
	return plan{tries: p.Restarts, batch: batch, start: p.noise(), climbs: true, make: func(epsilon float64) ([]leg, error) {
		legs := p.legs(on, epsilon, ends...)
		legs[0].shown = first == 1
		return legs, nil
	}}
}
