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

// Climb holds the parameters of projected gradient ascent for attacks on test images. The defaults
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
		"start": "start of the attack: at random within epsilon (uniform), at the image with normal noise (normal), or at the image (none)",
		"noise": "standard deviation of the noise, for start normal",
	},
	Settle: (*Climb).settle,
}

// settle clears the parameters that the start does not use.
func (c *Climb) settle() {
	if c.Start != "normal" {
		c.Noise = 0
	}
}

// noise returns the noise that the start adds to the images; nil for none.
func (c Climb) noise() func(epsilon float64) random.Noise {
	return map[string]func(float64) random.Noise{
		"uniform": random.UniformNoise,
		"normal":  func(float64) random.Noise { return random.NormalNoise(c.Noise) },
	}[c.Start]
}

// legs returns legs on a classifier, which need not be the one under attack. Each leg ends after
// the next number of steps in ends, which increase.
func (c Climb) legs(on *ascent.Target, epsilon float64, ends ...int) (legs []leg) {
	made := 0
	for _, steps := range ends {
		part := ascent.PGD{Steps: steps - made, Step: c.Step, Epsilon: epsilon}
		legs = append(legs, leg{Attack: on.PGD(part), steps: steps, shown: true})
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

	Objective string `yaml:"objective" oneof:"cross-entropy,margin" key:"omitempty"`
}

var pgdParams = &spec.Params[PGDParams]{
	Defaults: func() PGDParams { return PGDParams{common(), climb(), nil, 1, "cross-entropy"} },
	Docs: spec.Docs{
		"before": "more numbers of steps, all below steps, after which the images are scored. The k of the metrics is the number of steps.",
		"objective": "what the attack raises: the cross-entropy, or the margin by which the best wrong class leads over the label in the logits. " +
			"The margin has a gradient where the classifier is certain and the gradient of the cross-entropy is rounded to 0.",
		"restarts": "number of tries, each from another start; an image is robust if it withstands all tries",
	},
	Nested: []spec.Described{commonParams, climbParams},
	Check:  (*PGDParams).check,
	Settle: (*PGDParams).settle,
}

// settle clears the objective that PGD had before there was a parameter, so that it is not part of
// the key.
func (p *PGDParams) settle() {
	if p.Objective == "cross-entropy" {
		p.Objective = ""
	}
}

func (p *PGDParams) check(report spec.Reporter) {
	for i, steps := range p.Before {
		path := fmt.Sprintf("before[%d]", i)
		switch {
		case steps >= p.Steps:
			report(path, "%d must be less than steps, %d", steps, p.Steps)
		case i > 0 && steps <= p.Before[i-1]:
			report(path, "%d follows %d; the numbers must increase", steps, p.Before[i-1])
		}
	}
	if p.Restarts > 1 && p.Start == "none" {
		report("restarts", "%d tries from the same start are the same; set start to uniform or normal, or restarts to 1", p.Restarts)
	}
}

// PGD is attack/pgd.
func PGD() pipeline.Kind {
	return pipeline.Define(attackKind(pipeline.Kind{
		Name:    "attack/pgd",
		Version: 8, // 8: the engine
		Doc: "Attacks a classifier by projected gradient ascent in the maximum norm, from one or more starts (Madry et al. 2018; " +
			"Jiang et al. 2021, section 4). The k of the metrics is the number of steps. The outcomes are those after all steps.",
		Draws: true,
		Cost:  pipeline.Cost{Times: []string{"steps", "restarts", "model/last.safetensors"}},
	}), pgdParams, pipeline.Work[PGDParams]{
		Facts: func(p *PGDParams, _ map[string]*pipeline.Facts) *pipeline.Facts {
			return p.facts(append(slices.Clone(p.Before), p.Steps)...)
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *PGDParams) error {
			return p.run(ctx, cell, func(v *victim) (plan, error) {
				if p.Objective == "margin" {
					on, err := v.Toward(ascent.ToMargin)
					return p.plan(on), err
				}
				return p.plan(v.Target), nil
			})
		},
	})
}

// plan also ends a leg after the first step, because the rules compare the steps.
func (p *PGDParams) plan(on *ascent.Target) plan {
	ends := append(slices.Clone(p.Before), p.Steps)
	first := ends[0]
	if first > 1 {
		ends = append([]int{1}, ends...)
	}
	return plan{tries: p.Restarts, batch: batch, start: p.noise(), climbs: true, gradients: true, build: func(epsilon float64) ([]leg, error) {
		legs := p.legs(on, epsilon, ends...)
		legs[0].shown = first == 1
		return legs, nil
	}}
}
