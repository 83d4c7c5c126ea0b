package optim

import (
	"math"
	"testing"
)

// TestAdamFollowsPyTorch holds many steps with small gradients, where decay
// matters, against the recurrence of torch.optim.Adam in float64. Without the
// decay, or with AdamW's, the weights end elsewhere, which is checked too.
func TestAdamFollowsPyTorch(t *testing.T) {
	const rate, decay, steps = 1e-2, 0.1, 200
	start := []float64{0.5, -2}
	gradient := func(step int) []float64 { return []float64{1e-3 * float64(step%7-3), 2e-3} }
	exact := func(l2, decoupled float64) []float64 {
		w, first, second := append([]float64(nil), start...), make([]float64, 2), make([]float64, 2)
		for step := range steps {
			for i := range w {
				w[i] -= rate * decoupled * w[i]
				g := gradient(step)[i] + l2*w[i]
				first[i] = 0.9*first[i] + 0.1*g
				second[i] = 0.999*second[i] + 0.001*g*g
				n := float64(step + 1)
				w[i] -= rate / (1 - math.Pow(0.9, n)) * first[i] / (math.Sqrt(second[i])/math.Sqrt(1-math.Pow(0.999, n)) + 1e-8)
			}
		}
		return w
	}
	w, m := []float32{0.5, -2}, NewMoments(2)
	adam := Adam{Config: DefaultAdam(decay)}
	for step := range steps {
		adam.Begin()
		g := gradient(step)
		adam.Update(rate, w, []float32{float32(g[0]), float32(g[1])}, m)
	}
	want, none, adamW := exact(decay, 0), exact(0, 0), exact(0, decay)
	for i := range w {
		if math.Abs(float64(w[i])-want[i]) > 1e-5 {
			t.Errorf("weight %d is %g, want %g", i, w[i], want[i])
		}
		for name, other := range map[string]float64{"no decay": none[i], "AdamW": adamW[i]} {
			if math.Abs(want[i]-other) < 1e-2 {
				t.Errorf("weight %d: the case does not tell L2 decay (%g) from %s (%g)", i, want[i], name, other)
			}
		}
	}
}

func TestFirstStepIsTheRate(t *testing.T) {
	// With m = (1-b1) g and v = (1-b2) g^2 the first step is rate * sign(g), to float32.
	w, m := []float32{0}, NewMoments(1)
	adam := Adam{Config: DefaultAdam(0)}
	adam.Begin()
	adam.Update(1, w, []float32{3}, m)
	if math.Abs(float64(w[0])+1) > 2e-7 {
		t.Errorf("the first step is %.9g, want -1", w[0])
	}
}

func TestPlateauTakesNoNaN(t *testing.T) {
	p := Plateau{Rate: 1, Factor: 0.5, Patience: 0}
	p.Step(math.NaN())
	p.Step(3)
	if got := p.Step(2); got != 0.5 {
		t.Errorf("after NaN, 3, 2 the rate is %g, want 0.5: only the NaN is no improvement", got)
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

// TestSGDFollowsPyTorch holds steps against torch.optim.SGD's recurrence in
// float64, with a decay that tells it from others.
func TestSGDFollowsPyTorch(t *testing.T) {
	const rate, momentum, decay, steps = 0.1, 0.9, 0.05, 20
	w, velocity := []float32{1}, make([]float32, 1)
	exact, buffer := 1.0, 0.0
	for step := range steps {
		g := 0.1 * float64(step%3-1)
		buffer = momentum*buffer + g + decay*exact
		exact -= rate * buffer
		SGD{Momentum: momentum, WeightDecay: decay}.Update(rate, w, []float32{float32(g)}, velocity)
	}
	if math.Abs(float64(w[0])-exact) > 1e-6 || exact > 0.9 {
		t.Errorf("the weight is %g, want %g, well below 1", w[0], exact)
	}
}
