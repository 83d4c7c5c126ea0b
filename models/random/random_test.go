package random

import (
	"math"
	"slices"
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

func TestDropoutDropsItsShare(t *testing.T) {
	for _, p := range []float64{0, 0.1, 0.3, 0.5, 1} {
		x := make([]uint16, 100_003)
		Bits(Source(7, "dropout"), x)
		dropped := 0
		for _, v := range x {
			if uint32(v) < DropoutLimit(p) {
				dropped++
			}
		}
		if got := float64(dropped) / float64(len(x)); math.Abs(got-p) > 0.006 {
			t.Errorf("p = %g: a share of %g is dropped", p, got)
		}
	}
}

func TestFewerBitsAreTheFirstOfMore(t *testing.T) {
	long, short := make([]uint16, 11), make([]uint16, 6)
	Bits(Source(7, "dropout"), long)
	Bits(Source(7, "dropout"), short)
	if !slices.Equal(long[:6], short) {
		t.Errorf("6 numbers are %v, the first 6 of 11 %v", short, long[:6])
	}
}

func TestRestoredStreamsDrawTheSame(t *testing.T) {
	s := NewStreams(42)
	order, noise := s.Source("order"), s.Source("noise")
	order.Uint64()
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	want := []uint64{order.Uint64(), order.Uint64(), noise.Uint64()}

	again := NewStreams(42)
	order, noise = again.Source("order"), again.Source("noise")
	if err := again.Restore(state); err != nil {
		t.Fatal(err)
	}
	if got := []uint64{order.Uint64(), order.Uint64(), noise.Uint64()}; !slices.Equal(got, want) {
		t.Errorf("restored streams draw %x, want %x", got, want)
	}
	again.Source("weights")
	if err := again.Restore(state); err == nil {
		t.Error("a state without one of the streams is taken")
	}
}
