package advxmultvae

import (
	"foil/internal/attributes"
	"foil/internal/scores"
	"foil/internal/training"
	"foil/spec"
)

// Params are the parameters of train/advx-multvae. The defaults are the published ones (Escobedo
// et al. 2024, section 4).
type Params struct {
	Epochs       int              `yaml:"epochs" min:"1" max:"1000000" unit:"passes over the training users"`
	Batch        int              `yaml:"batch" min:"1" max:"1000000" unit:"users"`
	Latent       int              `yaml:"latent" min:"1" max:"1000000"`
	InputDropout float64          `yaml:"input_dropout" min:"0" max:"0.99"`
	Beta         float64          `yaml:"beta" min:"0"`
	Rate         float64          `yaml:"rate" above:"0"`
	WeightDecay  float64          `yaml:"weight_decay" min:"0"`
	Plateau      training.Plateau `yaml:"plateau"`
	Select       training.Select  `yaml:"select"`
	Seen         string           `yaml:"seen" oneof:"exclude,zero"`
	Adversaries  []Adversary      `yaml:"adversaries"`
}

var params = &spec.Params[Params]{
	Defaults: func() Params {
		return Params{
			Epochs:       200,
			Batch:        64,
			Latent:       100,
			InputDropout: 0.1,
			Beta:         0.8,
			Rate:         1e-3,
			WeightDecay:  1e-4,
			Plateau:      training.Plateau{Factor: 0.1, Patience: 5, MinRate: 1e-6},
			Select:       training.Select{Metric: "ndcg", K: 10},
			Seen:         string(scores.Exclude),
		}
	},
	Modes: map[string]func(*Params){"published": func(p *Params) { p.Seen = string(scores.Zero) }},
	Docs: spec.Docs{
		"epochs":        "number of epochs; the checkpoints of the best validation epoch and of the last epoch are kept",
		"batch":         "batch size; the last batch of an epoch may be smaller",
		"latent":        "size of the latent vector",
		"input_dropout": "share of a user's items to drop from the input in training",
		"beta":          "weight of the KL divergence in the loss",
		"rate":          "initial learning rate of both Adam optimizers, for the model and for the adversaries",
		"weight_decay":  "L2 penalty, added to the gradient as in PyTorch's Adam",
		"plateau":       "lowers the model's learning rate when the validation loss stops improving",
		"select":        "score that selects the best epoch",
		"seen": "how validation treats items that the user already has. " +
			"exclude: the ranking leaves them out. zero: their logits are set to zero, as in the published code.",
		"adversaries": "groups of adversaries on the latent vector, one group per attribute. " +
			"Without groups the model is MultVAE, with one group AdvMultVAE, with several groups AdvXMultVAE.",
	},
	Nested: []spec.Described{training.PlateauParams, training.SelectParams, adversaryParams},
	Check:  (*Params).check,
}

func (p *Params) check(report spec.Reporter) {
	names := make([]string, len(p.Adversaries))
	for i, a := range p.Adversaries {
		names[i] = a.Attribute
	}
	attributes.CheckUnique("adversaries", ".attribute", names, report)
}

// Adversary is a group of adversaries for one attribute.
type Adversary struct {
	attributes.Param

	Lambda  float64 `yaml:"lambda" min:"0"`
	Heads   int     `yaml:"heads" min:"1" max:"10000"`
	Hidden  int     `yaml:"hidden" min:"1" max:"1000000"`
	Dropout float64 `yaml:"dropout" min:"0" max:"0.99"`
}

var adversaryParams = &spec.Params[Adversary]{
	Defaults: func() Adversary { return Adversary{Heads: 10, Hidden: 5, Dropout: 0.3} },
	Docs: spec.Docs{
		"lambda":  "factor of the reversed gradient; with 0 the adversaries are trained but do not change the model",
		"heads":   "number of adversaries in the group",
		"hidden":  "size of each adversary's hidden layer",
		"dropout": "dropout rate on the latent vector, with a mask of its own for each adversary",
	},
	Nested: []spec.Described{attributes.Params},
}
