// Package attack holds the kinds that attack trained recommenders.
package attack

import (
	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/attributes"
	"foil/spec"
)

// LatentProbeParams are the parameters of attack/latent-probe. The defaults are the published ones
// (Escobedo et al. 2024, section 4).
type LatentProbeParams struct {
	Attributes  []Attribute `yaml:"attributes" required:"true" nonempty:"true"`
	Checkpoints []string    `yaml:"checkpoints" oneof:"best,last" nonempty:"true"`
	Splits      []string    `yaml:"splits" oneof:"test,validation" nonempty:"true"`
	Epochs      int         `yaml:"epochs" min:"1" max:"1000000" unit:"passes over the training users"`
	Batch       int         `yaml:"batch" min:"1" max:"1000000" unit:"users"`
	Rate        float64     `yaml:"rate" above:"0"`
	WeightDecay float64     `yaml:"weight_decay" min:"0"`
	Average     string      `yaml:"average" oneof:"users,batches"`
	Curves      bool        `yaml:"curves"`
}

// The values of LatentProbeParams.Average.
const (
	overUsers   = "users"
	overBatches = "batches"
)

var latentProbeParams = &spec.Params[LatentProbeParams]{
	Defaults: func() LatentProbeParams {
		return LatentProbeParams{
			Checkpoints: []string{checkpoints.Best, checkpoints.Last},
			Splits:      []string{artifact.Test},
			Epochs:      50,
			Batch:       64,
			Rate:        1e-3,
			WeightDecay: 1e-4,
			Average:     overUsers,
		}
	},
	Modes: map[string]func(*LatentProbeParams){"published": func(p *LatentProbeParams) { p.Average, p.Curves = overBatches, true }},
	Docs: spec.Docs{
		"attributes":   "attributes to predict, each with an attacker of its own",
		"checkpoints":  "checkpoints of the recommender to attack",
		"splits":       "users to score the attackers on. Scores on validation users serve to choose a model without the test users.",
		"epochs":       "number of epochs; the attackers are scored after the last one",
		"batch":        "batch size in training, and of average: batches",
		"rate":         "learning rate of Adam",
		"weight_decay": "L2 penalty, added to the gradient as in PyTorch's Adam",
		"average": "what a balanced accuracy is computed over. users: all users of a split. " +
			"batches: each batch of them, and averaged by the number of users, as in the published code.",
		"curves": "also score the attackers on the validation users after each epoch: bacc_curve and mae_curve",
	},
	Nested: []spec.Described{attributeParams},
	Check:  (*LatentProbeParams).check,
}

func (p *LatentProbeParams) check(report spec.Reporter) {
	names := make([]string, len(p.Attributes))
	for i, a := range p.Attributes {
		names[i] = a.Attribute
	}
	attributes.CheckUnique("attributes", ".attribute", names, report)
	attributes.CheckUnique("checkpoints", "", p.Checkpoints, report)
	attributes.CheckUnique("splits", "", p.Splits, report)
}

// Attribute is an attribute with the settings of its attacker.
type Attribute struct {
	attributes.Param

	Hidden  int     `yaml:"hidden" min:"1" max:"1000000"`
	Dropout float64 `yaml:"dropout" min:"0" max:"0.99"`
}

var attributeParams = &spec.Params[Attribute]{
	Defaults: func() Attribute { return Attribute{Hidden: 5, Dropout: 0.5} },
	Docs: spec.Docs{
		"hidden":  "size of the attacker's hidden layer",
		"dropout": "dropout rate on the latent vector in training",
	},
	Nested: []spec.Described{attributes.Params},
}
