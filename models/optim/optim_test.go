package optim

import (
	"math"
	"testing"
)

// TestAdamFollowsPyTorch pins three steps on two weights. The expected values
// are the recurrence of torch.optim.Adam worked out in float64.
func TestAdamFollowsPyTorch(t *testing.T) {
	const rate, decay = 1e-3, 1e-4
	w, m := []float32{0.5, -2}, NewMoments(2)
	gradients := [][]float32{{1, -3}, {0.5, 0}, {-2, 10}}
	exact, first, second := []float64{0.5, -2}, make([]float64, 2), make([]float64, 2)
	adam := Adam{Config: DefaultAdam(decay)}
	for step, g := range gradients {
		adam.Begin()
		adam.Update(rate, w, g, m)
		for i := range exact {
			gi := float64(g[i]) + decay*exact[i]
			first[i] = 0.9*first[i] + 0.1*gi
			second[i] = 0.999*second[i] + 0.001*gi*gi
			n := float64(step + 1)
			denominator := math.Sqrt(second[i])/math.Sqrt(1-math.Pow(0.999, n)) + 1e-8
			exact[i] -= rate / (1 - math.Pow(0.9, n)) * first[i] / denominator
			if math.Abs(float64(w[i])-exact[i]) > 1e-6 {
				t.Errorf("step %d: weight %d is %g, want %g", step+1, i, w[i], exact[i])
			}
		}
	}
}

func TestPlateauLowersTheRateAfterPatience(t *testing.T) {
	p := Plateau{Rate: 1e-3, Factor: 0.1, Patience: 2, MinRate: 1e-5}
	losses := []float64{10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8}
	want := []float64{1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5}
	for i, loss := range losses {
		if got := p.Step(loss); math.Abs(got-want[i]) > 1e-12 {
			t.Errorf("after loss %d (%g) the rate is %g, want %g", i, loss, got, want[i])
		}
	}
}

func TestPlateauIgnoresTinyImprovements(t *testing.T) {
	p := Plateau{Rate: 1, Factor: 0.5, Patience: 0, MinRate: 0}
	p.Step(100)
	if got := p.Step(99.995); got != 0.5 {
		t.Errorf("an improvement under 1e-4 of the loss kept the rate at %g", got)
	}
}
