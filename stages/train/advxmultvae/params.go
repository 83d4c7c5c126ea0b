package advxmultvae

import (
	"foil/internal/attributes"
	"foil/internal/training"
)

// Params are the parameters of train/advx-multvae. The defaults are
// the published ones (Escobedo et al. 2024, section 4).
type Params struct {
	Epochs       int              `yaml:"epochs" min:"1" max:"1000000" unit:"passes over the training users" doc:"length of the training; the best validation epoch and the last one are kept"`
	Batch        int              `yaml:"batch" min:"1" max:"1000000" unit:"users" doc:"size of a batch; the last, shorter one of an epoch counts too"`
	Latent       int              `yaml:"latent" min:"1" max:"1000000" doc:"width of the latent vector"`
	InputDropout float64          `yaml:"input_dropout" min:"0" max:"0.99" doc:"share of a user's items dropped in training"`
	Beta         float64          `yaml:"beta" min:"0" doc:"weight of the KL divergence"`
	Rate         float64          `yaml:"rate" above:"0" doc:"learning rate of both Adams (model, adversaries) at the start"`
	WeightDecay  float64          `yaml:"weight_decay" min:"0" doc:"L2 decay added to the gradient, as in PyTorch's Adam"`
	Plateau      training.Plateau `yaml:"plateau" doc:"lowers the model's rate when the validation loss stops falling"`
	Select       training.Select  `yaml:"select" doc:"which epoch counts as the best"`
	Seen         string           `yaml:"seen" oneof:"exclude,zero" doc:"what validation does with the logits of items that the user is known to have: exclude them, or set them to zero as the published code does"`
	Adversaries  []Adversary      `yaml:"adversaries" doc:"groups of adversaries on the latent vector: none makes MultVAE, one AdvMultVAE, several AdvXMultVAE"`
}

// Adversary is a group of adversaries for one attribute.
type Adversary struct {
	attributes.Param

	Lambda  float64 `yaml:"lambda" min:"0" doc:"factor of the reversed gradient; at 0 the group only observes"`
	Heads   int     `yaml:"heads" min:"1" max:"10000" doc:"number of adversaries in parallel"`
	Hidden  int     `yaml:"hidden" min:"1" max:"1000000" doc:"width of their hidden layer"`
	Dropout float64 `yaml:"dropout" min:"0" max:"0.99" doc:"share of the latent vector dropped, for each adversary on its own"`
}

// SetDefaults are the published settings.
func (a *Adversary) SetDefaults() { a.Heads, a.Hidden, a.Dropout = 10, 5, 0.3 }

func defaults() any {
	return &Params{
		Epochs:       200,
		Batch:        64,
		Latent:       100,
		InputDropout: 0.1,
		Beta:         0.8,
		Rate:         1e-3,
		WeightDecay:  1e-4,
		Plateau:      training.Plateau{Factor: 0.1, Patience: 5, MinRate: 1e-6},
		Select:       training.Select{Metric: "ndcg", K: 10},
		Seen:         "exclude",
	}
}

// Check reports what no single field shows.
func (p *Params) Check(report func(path, format string, args ...any)) {
	names := make([]string, len(p.Adversaries))
	for i, a := range p.Adversaries {
		names[i] = a.Attribute
	}
	attributes.CheckUnique("adversaries", ".attribute", names, report)
}
