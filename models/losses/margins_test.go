package losses_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"foil/models/losses"
	"foil/models/random"
)

// heads are the losses of margins, for label 1 and target 4.
var heads = map[string]func(logits, d []float32) float64{
	"lead":   func(z, d []float32) float64 { return losses.Lead(z, 4, 1, d) },
	"margin": func(z, d []float32) float64 { return losses.Margin(z, 1, d) },
	"dlr":    func(z, d []float32) float64 { return losses.DLR(z, 1, d) },
	"dlr-t":  func(z, d []float32) float64 { return losses.TargetedDLR(z, 1, 4, d) },
}

// TestMarginsHaveTheirFormulas has each loss by hand, where the label leads and where it does not.
func TestMarginsHaveTheirFormulas(t *testing.T) {
	for _, c := range []struct {
		name   string
		logits []float32
		want   float64
	}{
		{"lead", []float32{3, 5, 1, 0, 2}, 2 - 5},
		{"margin", []float32{3, 5, 1, 0, 2}, 3 - 5},
		{"margin", []float32{3, 0.5, 1, 0, 2}, 3 - 0.5},
		{"dlr", []float32{3, 5, 1, 0, 2}, (3. - 5) / (5 - 2)},
		{"dlr", []float32{3, 0.5, 1, 0, 2}, (3 - 0.5) / (3 - 1)},
		{"dlr-t", []float32{3, 5, 1, 0, 2}, (2. - 5) / (5 - (2+1)/2.)},
		{"dlr-t", []float32{3, 0.5, 1, 0, 2}, (2 - 0.5) / (3 - (1+0.5)/2)},
	} {
		if got := heads[c.name](c.logits, make([]float32, 5)); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s of %v is %g, want %g", c.name, c.logits, got, c.want)
		}
	}
}

// TestGradientsOfMarginsAreThoseOfDifferences moves each logit a little both ways.
func TestGradientsOfMarginsAreThoseOfDifferences(t *testing.T) {
	const step = 1.0 / 256
	for name, head := range heads {
		for seed := range 20 {
			z, d, none := make([]float32, 6), make([]float32, 6), make([]float32, 6)
			random.Normal(random.New(uint64(seed), "logits"), z, 3)
			if gap := closest(z); gap < 4*step {
				continue // another class could become the largest
			}
			head(z, d)
			for i := range z {
				up, down := slices.Clone(z), slices.Clone(z)
				up[i] += step
				down[i] -= step
				want := (head(up, none) - head(down, none)) / (2 * step)
				if math.Abs(float64(d[i])-want) > 2e-3*(1+math.Abs(want)) {
					t.Errorf("%s of %v: gradient %d is %g, want %g", name, z, i, d[i], want)
				}
			}
		}
	}
}

// closest is the smallest difference of two values.
func closest(z []float32) float32 {
	sorted := slices.Sorted(slices.Values(z))
	gap := float32(math.Inf(1))
	for i := range sorted[1:] {
		gap = min(gap, sorted[i+1]-sorted[i])
	}
	return gap
}

func TestRankingOrdersClasses(t *testing.T) {
	for _, c := range []struct {
		logits []float32
		n      int
		want   string
	}{
		{[]float32{1, 3, 2}, 3, "[1 2 0]"},
		{[]float32{1, 3, 2, 5}, 2, "[3 1]"},
		{[]float32{2, 2, 2}, 2, "[0 1]"},
		{[]float32{-1, -2}, 4, "[0 1]"},
	} {
		if got := fmt.Sprint(losses.Ranking(c.logits, c.n)); got != c.want {
			t.Errorf("the first %d of %v are %s, want %s", c.n, c.logits, got, c.want)
		}
	}
}

// TestMarginsHaveGradientsWhereCrossEntropyHasNone has a label with probability 1 in float32.
func TestMarginsHaveGradientsWhereCrossEntropyHasNone(t *testing.T) {
	z, d := []float32{0, 200, 1, 2, 3}, make([]float32, 5)
	losses.CrossEntropy(z, 1, 1, d)
	if !slices.Equal(d, make([]float32, 5)) {
		t.Fatalf("the gradient of cross-entropy is %v: the case shows nothing", d)
	}
	for name, head := range heads {
		if head(z, d); d[1] >= 0 {
			t.Errorf("%s: the gradient is %v", name, d)
		}
	}
}
