package training

import "foil/models/optim"

// Plateau is the parameter of PyTorch's ReduceLROnPlateau on the validation loss.
type Plateau struct {
	Factor   float64 `yaml:"factor" above:"0" max:"1" doc:"what the rate is multiplied by"`
	Patience int     `yaml:"patience" min:"0" unit:"epochs" doc:"epochs without improvement before the learning rate drops"`
	MinRate  float64 `yaml:"min_rate" min:"0" doc:"floor of the rate"`
}

// From is the schedule that starts at a rate.
func (p Plateau) From(rate float64) optim.Plateau {
	return optim.Plateau{Rate: rate, Factor: p.Factor, Patience: p.Patience, MinRate: p.MinRate}
}
