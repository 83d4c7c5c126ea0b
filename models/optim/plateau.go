package optim

import "math"

// Plateau lowers a learning rate when a loss has stopped falling: PyTorch's
// ReduceLROnPlateau in mode "min" with its relative threshold of 1e-4, no
// cooldown and its epsilon of 1e-8.
type Plateau struct {
	Rate     float64 // current learning rate
	Factor   float64 // what the rate is multiplied by
	Patience int     // epochs without improvement that are borne
	MinRate  float64

	best float64
	bad  int
	seen bool
}

const (
	plateauThreshold = 1e-4
	plateauEpsilon   = 1e-8
)

// Step takes the loss of an epoch and returns the rate of the next one.
func (p *Plateau) Step(loss float64) float64 {
	if !math.IsNaN(loss) && (!p.seen || loss < p.best*(1-plateauThreshold)) {
		p.best, p.bad, p.seen = loss, 0, true
	} else {
		p.bad++
	}
	if p.bad > p.Patience {
		if lower := math.Max(p.Rate*p.Factor, p.MinRate); p.Rate-lower > plateauEpsilon {
			p.Rate = lower
		}
		p.bad = 0
	}
	return p.Rate
}
