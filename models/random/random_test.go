package random

import (
	"math"
	"testing"
)

// TestStreamIsPinned keeps every seeded result of the project reproducible: a
// change here changes all trainings and needs new versions of the kinds that draw.
func TestStreamIsPinned(t *testing.T) {
	if got, want := New(42, "weights").Uint64(), uint64(0x68343569fd461c9e); got != want {
		t.Errorf("first draw of (42, weights) is %#x, want %#x", got, want)
	}
}

func TestPurposesAndSeedsAreIndependent(t *testing.T) {
	seen := map[uint64]string{}
	for _, seed := range []uint64{0, 1, 42} {
		for _, purpose := range []string{"weights", "noise", "dropout"} {
			first := New(seed, purpose).Uint64()
			if other, ok := seen[first]; ok {
				t.Errorf("seed %d %s starts like %s", seed, purpose, other)
			}
			seen[first] = purpose
		}
	}
}

func TestDropoutKeepsTheMean(t *testing.T) {
	for _, p := range []float64{0, 0.1, 0.3, 0.5} {
		x := make([]float32, 100_003)
		Dropout(Source(7, "dropout"), x, p)
		zeros, sum := 0, 0.0
		for _, v := range x {
			if v == 0 {
				zeros++
			}
			sum += float64(v)
		}
		if got := float64(zeros) / float64(len(x)); math.Abs(got-p) > 0.006 {
			t.Errorf("p = %g: a share of %g is dropped", p, got)
		}
		if mean := sum / float64(len(x)); math.Abs(mean-1) > 0.01 {
			t.Errorf("p = %g: the mean is %g", p, mean)
		}
	}
}
