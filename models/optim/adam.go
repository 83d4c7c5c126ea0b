// Package optim holds optimizers over flat weights, and learning-rate schedules. They follow
// PyTorch's definitions, because the papers used PyTorch.
package optim

import (
	"math"

	"foil/models/kernels"
)

// AdamConfig are the settings of Adam. WeightDecay is an L2 term added to the
// gradient (PyTorch's Adam), not the decoupled decay of AdamW.
type AdamConfig struct {
	Beta1, Beta2 float64
	Epsilon      float64
	WeightDecay  float64
}

// DefaultAdam returns PyTorch's defaults with the given weight decay.
func DefaultAdam(weightDecay float64) AdamConfig {
	return AdamConfig{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: weightDecay}
}

// Adam is one optimizer over any number of weight slices. All slices share its step count.
type Adam struct {
	Config AdamConfig
	Steps  int

	unbias1, unbias2 float64 // 1 - beta^Steps
}

// Moments are the running averages that Adam keeps for one slice of weights.
type Moments struct {
	First, Second []float32
}

// NewMoments returns zero moments for n weights.
func NewMoments(n int) Moments {
	return Moments{First: make([]float32, n), Second: make([]float32, n)}
}

// Part returns the moments of the weights from start to end.
func (m Moments) Part(start, end int) Moments {
	return Moments{First: m.First[start:end], Second: m.Second[start:end]}
}

// Begin starts a step. The following updates belong to it.
func (a *Adam) Begin() {
	a.Steps++
	t := float64(a.Steps)
	a.unbias1 = 1 - math.Pow(a.Config.Beta1, t)
	a.unbias2 = 1 - math.Pow(a.Config.Beta2, t)
}

// Update moves the weights w against the gradient g.
func (a *Adam) Update(rate float64, w, g []float32, m Moments) {
	kernels.Adam(a.Kernel(rate), w, g, m.First, m.Second)
}

// Kernel returns the values of this step for models/kernels.
func (a *Adam) Kernel(rate float64) kernels.AdamStep {
	c := a.Config
	return kernels.AdamStep{
		Beta1:     float32(c.Beta1),
		Beta2:     float32(c.Beta2),
		Rest1:     float32(1 - c.Beta1),
		Rest2:     float32(1 - c.Beta2),
		Decay:     float32(c.WeightDecay),
		Epsilon:   float32(c.Epsilon),
		Rate:      float32(rate / a.unbias1),
		RootScale: float32(1 / math.Sqrt(a.unbias2)),
	}
}
