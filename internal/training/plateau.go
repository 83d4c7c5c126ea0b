package training

import (
	"foil/models/optim"
	"foil/spec"
)

// Plateau holds the parameters of PyTorch's ReduceLROnPlateau on the validation loss.
type Plateau struct {
	Factor   float64 `yaml:"factor" above:"0" max:"1"`
	Patience int     `yaml:"patience" min:"0" unit:"epochs"`
	MinRate  float64 `yaml:"min_rate" min:"0"`
}

// PlateauParams describes a Plateau.
var PlateauParams = &spec.Params[Plateau]{
	Docs: spec.Docs{
		"factor":   "factor that the learning rate is multiplied by when it drops",
		"patience": "epochs without improvement before the learning rate drops",
		"min_rate": "lowest learning rate",
	},
}

// From returns the schedule that starts at a rate.
func (p Plateau) From(rate float64) optim.Plateau {
	return optim.Plateau{Rate: rate, Factor: p.Factor, Patience: p.Patience, MinRate: p.MinRate}
}
