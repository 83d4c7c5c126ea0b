package stats

import (
	"math"
	"testing"
)

// The t quantiles are from tables: 3.182446 and 2.262157 for 0.975 at 3 and 9 degrees of freedom.
func TestPredictionOfMean(t *testing.T) {
	for _, c := range []struct {
		mean, sd   float64
		n, further int
		half       float64
	}{
		{0.5, 0.01, 4, 1, 3.182446305 * 0.01 * math.Sqrt(1+0.25)},
		{0.5, 0.01, 4, 5, 3.182446305 * 0.01 * math.Sqrt(0.2+0.25)},
		{-3, 2, 10, 2, 2.262157163 * 2 * math.Sqrt(0.5+0.1)},
	} {
		e := PredictionOfMean(c.mean, c.sd, c.n, c.further, 0.95)
		if e.Reason != "" || math.Abs(e.High-c.mean-c.half) > 1e-8 || math.Abs(c.mean-e.Low-c.half) > 1e-8 {
			t.Errorf("%+v: got %+v", c, e)
		}
	}
	one, from := PredictionOfMean(0.5, 0.01, 4, 1, 0.9), PredictionFrom(0.5, 0.01, 4, 0.9)
	if math.Abs(one.Low-from.Low) > 1e-15 || math.Abs(one.High-from.High) > 1e-15 {
		t.Errorf("one further run: %+v, want %+v", one, from)
	}
	for _, e := range []Estimate{PredictionOfMean(1, 1, 1, 1, 0.95), PredictionOfMean(1, 1, 4, 0, 0.95), PredictionOfMean(1, 0, 4, 1, 0.95)} {
		if e.Reason == "" || !math.IsNaN(e.Low) || !math.IsNaN(e.High) {
			t.Errorf("an interval without a basis: %+v", e)
		}
	}
}
