package losses

import (
	"math"
	"slices"
	"testing"
)

// TestGradientsAreThoseOfTheLosses compares each gradient with differences of the loss.
func TestGradientsAreThoseOfTheLosses(t *testing.T) {
	p, q := []float32{0.3, -1.2, 2, 0.7}, []float32{1.1, 0.4, -0.6, 0.2}
	const weight, h = 0.7, 1e-2
	for name, c := range map[string]struct {
		at   []float32
		loss func(at, d []float32) float64
	}{
		"cross-entropy": {p, func(at, d []float32) float64 { return CrossEntropy(at, 1, weight, d) }},
		"smoothed": {p, func(at, d []float32) float64 {
			return SmoothedCrossEntropy(at, 1, 3, 0.4, weight, d)
		}},
		"smoothed, the other image has the same class": {p, func(at, d []float32) float64 {
			return SmoothedCrossEntropy(at, 1, 1, 0.4, weight, d)
		}},
		"divergence in p": {p, func(at, d []float32) float64 { return Divergence(at, q, weight, d, nil) }},
		"divergence in q": {q, func(at, d []float32) float64 { return Divergence(p, at, weight, nil, d) }},
		"cosine distance": {p, func(at, d []float32) float64 { return CosineDistance(at, q, weight, d) }},
	} {
		t.Run(name, func(t *testing.T) {
			// What the slices hold before must not matter.
			got, other := slices.Repeat([]float32{7}, len(c.at)), make([]float32, len(c.at))
			c.loss(c.at, got)
			for i := range c.at {
				up, down := slices.Clone(c.at), slices.Clone(c.at)
				up[i] += h
				down[i] -= h
				want := (c.loss(up, other) - c.loss(down, other)) / (2 * h)
				if math.Abs(float64(got[i])-want) > 1e-3 {
					t.Errorf("the gradient in value %d is %v, not %v", i, got[i], want)
				}
			}
		})
	}
}

func TestLossesOfKnownValues(t *testing.T) {
	d := make([]float32, 4)
	even := make([]float32, 4)
	for name, c := range map[string]struct{ got, want float64 }{
		"cross-entropy of even logits": {CrossEntropy(even, 2, 0.5, d), math.Log(4) / 2},
		"smoothing nothing":            {SmoothedCrossEntropy([]float32{1, 2, 3, 4}, 2, 0, 0, 1, d), CrossEntropy([]float32{1, 2, 3, 4}, 2, 1, d)},
		"divergence of equals":         {Divergence([]float32{1, 2}, []float32{1, 2}, 1, nil, nil), 0},
		"large logits":                 {CrossEntropy([]float32{1000, 0, 0, 0}, 1, 1, d), 1000},
		"distance of right angles":     {CosineDistance([]float32{1, 0}, []float32{0, 2}, 3, d[:2]), 3},
		"distance of opposites":        {CosineDistance([]float32{1, 0}, []float32{-5, 0}, 1, d[:2]), 2},
	} {
		if math.Abs(c.got-c.want) > 1e-6*max(1, c.want) {
			t.Errorf("%s: %v, not %v", name, c.got, c.want)
		}
	}
}

// TestFeaturesOfZeroHaveADistance has lengths whose product is below the least one.
func TestFeaturesOfZeroHaveADistance(t *testing.T) {
	d := []float32{7, 7}
	if got := CosineDistance(make([]float32, 2), []float32{1, 2}, 1, d); got != 1 {
		t.Errorf("distance %v, not 1", got)
	}
	for i, b := range []float32{1, 2} {
		if want := -b / 1e-6; math.Abs(float64(d[i]/want)-1) > 1e-6 {
			t.Errorf("the gradient in value %d is %v, not %v", i, d[i], want)
		}
	}
}

func TestNaNStays(t *testing.T) {
	d, nan := make([]float32, 2), float32(math.NaN())
	for name, loss := range map[string]float64{
		"cross-entropy":   CrossEntropy([]float32{nan, 1}, 1, 1, d),
		"smoothed":        SmoothedCrossEntropy([]float32{nan, 1}, 1, 0, 0.5, 1, d),
		"divergence":      Divergence([]float32{nan, 1}, []float32{1, 2}, 1, nil, nil),
		"cosine distance": CosineDistance([]float32{nan, 1}, []float32{1, 2}, 1, d),
	} {
		if loss == loss {
			t.Errorf("%s of NaN is %v", name, loss)
		}
	}
}
