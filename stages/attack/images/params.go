package images

import (
	"foil/internal/artifact/checkpoints"
	"foil/internal/attributes"
)

// Common are the parameters of every attack on images.
type Common struct {
	Epsilon     float64  `yaml:"epsilon" min:"0" max:"1" doc:"largest change of a pixel, where black is 0 and white 1"`
	Images      int      `yaml:"images" min:"0" unit:"images" doc:"the first so many test images; 0: all"`
	Checkpoints []string `yaml:"checkpoints" oneof:"best,last" nonempty:"true" doc:"which weights are attacked"`
}

func common() Common {
	return Common{Epsilon: 0.031, Checkpoints: []string{checkpoints.Last}}
}

// Check reports what no single field shows.
func (c *Common) Check(report func(path, format string, args ...any)) {
	attributes.CheckUnique("checkpoints", "", c.Checkpoints, report)
}
