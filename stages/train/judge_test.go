package train

import (
	"math"
	"strings"
	"testing"
)

// TestJudgeFollowsTheProtocol scripts validations: the best epoch is the
// highest score, a later tie wins, and the loss alone drives the rate.
func TestJudgeFollowsTheProtocol(t *testing.T) {
	p := defaults().(*AdvXMultVAEParams)
	p.Rate, p.Plateau = 1, Plateau{Factor: 0.1, Patience: 1, MinRate: 0.05}
	j := newJudge(p)
	for i, e := range []struct {
		loss, score float64
		best        bool
		rate        float64
	}{
		{10, 0.3, true, 1},
		{9, 0.2, false, 1},
		{9, 0.3, true, 1},     // a tie, and the first epoch without a better loss
		{9.5, 0.5, true, 0.1}, // the second: patience is over
		{8, 0.4, false, 0.1},
		{8, 0.4, false, 0.1},
		{8, 0.4, false, 0.05}, // not below the floor
	} {
		best, err := j.epoch(i+1, e.loss, e.score)
		if err != nil {
			t.Fatal(err)
		}
		if best != e.best || math.Abs(j.plateau.Rate-e.rate) > 1e-12 {
			t.Errorf("epoch %d: best %v, rate %g; want %v, %g", i+1, best, j.plateau.Rate, e.best, e.rate)
		}
	}
	if j.bestEpoch != 4 || j.bestScore != 0.5 {
		t.Errorf("the best epoch is %d with %g, want 4 with 0.5", j.bestEpoch, j.bestScore)
	}
}

func TestJudgeRefusesWhatIsNoNumber(t *testing.T) {
	for _, e := range [][2]float64{{math.NaN(), 0.1}, {math.Inf(1), 0.1}, {1, math.NaN()}} {
		j := newJudge(defaults().(*AdvXMultVAEParams))
		if _, err := j.epoch(1, e[0], e[1]); err == nil || !strings.Contains(err.Error(), "validation loss") {
			t.Errorf("loss %g, score %g: error %v, want one about the validation loss", e[0], e[1], err)
		}
	}
}
