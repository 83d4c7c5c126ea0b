package optim

import "math"

// Plateau lowers a learning rate when a loss stops improving: PyTorch's ReduceLROnPlateau in mode
// "min" with its relative threshold of 1e-4, no cooldown and its epsilon of 1e-8.
type Plateau struct {
	Rate     float64 // current learning rate
	Factor   float64 // factor for the rate
	Patience int     // epochs without improvement before the rate drops
	MinRate  float64

	State PlateauState
}

// PlateauState is the state of a Plateau.
type PlateauState struct {
	Best float64 // lowest loss
	Bad  int     // epochs since the lowest loss
	Seen bool    // true after the first loss
}

const (
	plateauThreshold = 1e-4
	plateauEpsilon   = 1e-8
)

// Step takes the loss of an epoch and returns the rate for the next one.
func (p *Plateau) Step(loss float64) float64 {
	s := &p.State
	if !math.IsNaN(loss) && (!s.Seen || loss < s.Best*(1-plateauThreshold)) {
		s.Best, s.Bad, s.Seen = loss, 0, true
	} else {
		s.Bad++
	}
	if s.Bad > p.Patience {
		if lower := math.Max(p.Rate*p.Factor, p.MinRate); p.Rate-lower > plateauEpsilon {
			p.Rate = lower
		}
		s.Bad = 0
	}
	return p.Rate
}
