package images

import (
	"foil/internal/artifact/checkpoints"
	"foil/internal/attributes"
	"foil/spec"
)

// Common are the parameters of every attack on images.
type Common struct {
	Epsilon     float64  `yaml:"epsilon" min:"0" max:"1"`
	Images      int      `yaml:"images" min:"0" unit:"images"`
	Checkpoints []string `yaml:"checkpoints" oneof:"best,last" nonempty:"true"`
}

func common() Common {
	return Common{Epsilon: 0.031, Checkpoints: []string{checkpoints.Last}}
}

var commonParams = &spec.Params[Common]{
	Docs: spec.Docs{
		"epsilon":     "largest change of a pixel, where black is 0 and white 1",
		"images":      "number of test images to attack; the first ones are used. 0: all",
		"checkpoints": "checkpoints of the classifier to attack",
	},
	Check: (*Common).check,
}

func (c *Common) check(report spec.Reporter) {
	attributes.CheckUnique("checkpoints", "", c.Checkpoints, report)
}
