package attack

import (
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/attributes"
	"foil/spec"
)

// The members of the family.
const (
	linear  = "linear"
	trees   = "trees"
	network = "network"
)

// FamilyParams are the parameters of attack/latent-family, and most of those of attack/list-family.
type FamilyParams struct {
	Attributes  []FamilyAttribute `yaml:"attributes" required:"true" nonempty:"true"`
	Checkpoints []string          `yaml:"checkpoints" oneof:"best,last" nonempty:"true"`
	Splits      []string          `yaml:"splits" oneof:"test,validation" nonempty:"true"`
	Members     []string          `yaml:"members" oneof:"linear,trees,network" nonempty:"true"`
	C           float64           `yaml:"c" above:"0"`
	Trees       FamilyTrees       `yaml:"trees"`
	Network     FamilyNetwork     `yaml:"network"`
}

// FamilyAttribute is an attribute under attack. Classes always have balanced weights.
type FamilyAttribute struct {
	Attribute string    `yaml:"attribute" required:"true"`
	Range     []float64 `yaml:"range"`
}

func (a FamilyAttribute) param() attributes.Param {
	return attributes.Param{Attribute: a.Attribute, Range: a.Range}
}

// FamilyTrees are the settings of the gradient-boosted trees.
type FamilyTrees struct {
	Rate     float64 `yaml:"rate" above:"0" max:"1"`
	Leaves   int     `yaml:"leaves" min:"2" max:"1000"`
	MinLeaf  int     `yaml:"min_leaf" min:"1" max:"1000000" unit:"users"`
	Rounds   int     `yaml:"rounds" min:"1" max:"100000"`
	Patience int     `yaml:"patience" min:"1" max:"100000" unit:"rounds"`
}

// FamilyNetwork are the settings of the networks.
type FamilyNetwork struct {
	Hidden      int     `yaml:"hidden" min:"1" max:"1000000"`
	Dropout     float64 `yaml:"dropout" min:"0" max:"0.99"`
	Rate        float64 `yaml:"rate" above:"0"`
	WeightDecay float64 `yaml:"weight_decay" min:"0"`
	Batch       int     `yaml:"batch" min:"1" max:"1000000" unit:"users"`
	Epochs      int     `yaml:"epochs" min:"1" max:"1000000" unit:"passes over the training users"`
	Patience    int     `yaml:"patience" min:"1" max:"1000000" unit:"epochs"`
	Seeds       int     `yaml:"seeds" min:"1" max:"1000"`
}

var sharedFamilyParams = &spec.Params[FamilyParams]{
	Defaults: func() FamilyParams {
		return FamilyParams{
			Checkpoints: []string{checkpoints.Best, checkpoints.Last},
			Splits:      []string{artifact.Test},
			Members:     []string{linear, trees, network},
			C:           0.01,
			Trees:       FamilyTrees{Rate: 0.05, Leaves: 8, MinLeaf: 20, Rounds: 300, Patience: 30},
			Network:     FamilyNetwork{Hidden: 32, Dropout: 0.5, Rate: 2e-3, WeightDecay: 1e-4, Batch: 256, Epochs: 100, Patience: 10, Seeds: 3},
		}
	},
	Docs: spec.Docs{
		"attributes":  "attributes to predict",
		"checkpoints": "checkpoints of the recommender to attack",
		"splits": "users to score the attackers on. Scores on validation users serve to choose a model without the test users; " +
			"they are a little too good, because the same users choose the attackers.",
		"members": "attackers to train; of equals on the validation users, the first counts. " +
			"linear: logistic regression, or regression on the absolute error of numbers. " +
			"trees: gradient-boosted trees. network: one hidden layer as in attack/latent-probe, with the softsign for numbers.",
		"c":       "inverse strength of the L2 penalty of linear attackers and of the code, as C in scikit-learn's LogisticRegression",
		"trees":   "settings of the gradient-boosted trees",
		"network": "settings of the networks",
	},
	Nested: []spec.Described{familyAttributeParams, familyTreesParams, familyNetworkParams},
	Check:  (*FamilyParams).check,
	Settle: (*FamilyParams).settle,
}

var familyAttributeParams = &spec.Params[FamilyAttribute]{
	Docs: spec.Docs{
		"attribute": "column of the users' table, such as gender or age",
		"range": "[low, high] of a numeric attribute; the target is (value - low) / (high - low). " +
			"Default: the target is the value.",
	},
	Check: func(a *FamilyAttribute, report spec.Reporter) { attributes.CheckRange(a.Range, report) },
}

var familyTreesParams = &spec.Params[FamilyTrees]{
	Docs: spec.Docs{
		"rate":     "factor for the values of each tree",
		"leaves":   "largest number of leaves of a tree",
		"min_leaf": "smallest number of training users in a leaf",
		"rounds":   "largest number of rounds; each adds a tree, or a tree for each of more than two classes",
		"patience": "training ends after so many rounds without a lower loss on the validation users; the trees up to the best round count",
	},
}

var familyNetworkParams = &spec.Params[FamilyNetwork]{
	Docs: spec.Docs{
		"hidden":       "size of the hidden layer",
		"dropout":      "dropout rate on the vector of a user in training",
		"rate":         "learning rate of Adam",
		"weight_decay": "L2 penalty, added to the gradient as in PyTorch's Adam",
		"batch":        "batch size in training",
		"epochs":       "largest number of epochs",
		"patience":     "training ends after so many epochs without a lower loss on the validation users; the weights of the best epoch count",
		"seeds":        "number of networks with different random numbers; the strongest one on the validation users counts",
	},
}

func (p *FamilyParams) check(report spec.Reporter) {
	names := make([]string, len(p.Attributes))
	for i, a := range p.Attributes {
		names[i] = a.Attribute
	}
	attributes.CheckUnique("attributes", ".attribute", names, report)
	attributes.CheckUnique("checkpoints", "", p.Checkpoints, report)
	attributes.CheckUnique("splits", "", p.Splits, report)
	attributes.CheckUnique("members", "", p.Members, report)
}

// settle clears the settings of members that are not trained.
func (p *FamilyParams) settle() {
	if !slices.Contains(p.Members, trees) {
		p.Trees = FamilyTrees{}
	}
	if !slices.Contains(p.Members, network) {
		p.Network = FamilyNetwork{}
	}
}
