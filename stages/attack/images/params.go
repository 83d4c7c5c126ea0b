package images

import (
	"foil/stages/attributes"
	"foil/stages/classifierfile"
)

// Common are the parameters of every attack on images.
type Common struct {
	Epsilon     float64  `yaml:"epsilon" min:"0" max:"1" doc:"largest change of a pixel, where black is 0 and white 1"`
	Images      int      `yaml:"images" min:"0" unit:"images" doc:"the first so many test images; 0: all"`
	Checkpoints []string `yaml:"checkpoints" oneof:"best,last" nonempty:"true" doc:"which weights are attacked"`
}

func common() Common {
	return Common{Epsilon: 0.031, Checkpoints: []string{classifierfile.Last}}
}

// Check reports what no single field shows.
func (c *Common) Check(report func(path, format string, args ...any)) {
	attributes.CheckUnique("checkpoints", "", c.Checkpoints, report)
}

// FGSMParams are the parameters of attack/fgsm.
type FGSMParams struct{ Common }

// Climb is projected gradient ascent as attacks on test images use it. The defaults
// are the published ones (Jiang et al. 2021, section 4).
type Climb struct {
	Steps int     `yaml:"steps" min:"1" max:"100000" doc:"how many steps"`
	Step  float64 `yaml:"step" above:"0" max:"1" doc:"length of one"`
	Start string  `yaml:"start" oneof:"uniform,normal,none" doc:"where it starts: anywhere within epsilon, near the image (normal noise with a deviation of 0.001), or at it"`
}

func climb() Climb { return Climb{Steps: 20, Step: 0.003, Start: "uniform"} }

// PGDParams are the parameters of attack/pgd.
type PGDParams struct {
	Common
	Climb
	Restarts int `yaml:"restarts" min:"1" max:"1000" doc:"how often it is tried from other starts: an image stands if it stands all of them"`
}

// TransferParams are the parameters of attack/transfer.
type TransferParams struct {
	Common
	Climb
}

// CWParams are the parameters of attack/cw-linf. The rest is as published.
type CWParams struct {
	Common
	Iterations int `yaml:"iterations" min:"1" max:"100000" doc:"steps of Adam for each constant, at most"`
}

// LearnedParams are the parameters of attack/learned.
type LearnedParams struct{ Common }
