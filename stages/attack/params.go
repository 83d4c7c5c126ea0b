// Package attack holds the stages that attack trained models.
package attack

import (
	"foil/internal/artifact/checkpoints"
	"foil/internal/attributes"
)

// LatentProbeParams are the parameters of attack/latent-probe. The defaults
// are the published ones (Escobedo et al. 2024, section 4).
type LatentProbeParams struct {
	Attributes  []Attribute `yaml:"attributes" required:"true" nonempty:"true" doc:"what the attackers try to read"`
	Checkpoints []string    `yaml:"checkpoints" oneof:"best,last" nonempty:"true" doc:"which weights are attacked"`
	Epochs      int         `yaml:"epochs" min:"1" max:"1000000" unit:"passes over the training users" doc:"length of the attackers' training; they are scored after the last epoch"`
	Batch       int         `yaml:"batch" min:"1" max:"1000000" unit:"users" doc:"size of a batch"`
	Rate        float64     `yaml:"rate" above:"0" doc:"learning rate of Adam"`
	WeightDecay float64     `yaml:"weight_decay" min:"0" doc:"L2 decay added to the gradient, as in PyTorch's Adam"`
}

// Attribute is one attacker.
type Attribute struct {
	attributes.Param

	Hidden  int     `yaml:"hidden" min:"1" max:"1000000" doc:"width of the attacker's hidden layer"`
	Dropout float64 `yaml:"dropout" min:"0" max:"0.99" doc:"share of the latent vector dropped in training"`
}

// SetDefaults are the published settings.
func (a *Attribute) SetDefaults() { a.Hidden, a.Dropout = 5, 0.5 }

// Check reports what no single field shows.
func (p *LatentProbeParams) Check(report func(path, format string, args ...any)) {
	names := make([]string, len(p.Attributes))
	for i, a := range p.Attributes {
		names[i] = a.Attribute
	}
	attributes.CheckUnique("attributes", ".attribute", names, report)
	attributes.CheckUnique("checkpoints", "", p.Checkpoints, report)
}

func defaults() any {
	return &LatentProbeParams{
		Checkpoints: []string{checkpoints.Best, checkpoints.Last},
		Epochs:      50,
		Batch:       64,
		Rate:        1e-3,
		WeightDecay: 1e-4,
	}
}
