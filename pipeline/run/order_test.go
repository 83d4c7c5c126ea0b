package run

import (
	"fmt"
	"testing"
	"time"
)

// The order of a worker has every cell once.
func TestShuffleHasEachCellOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 6, 12, 97, 100, 1024, 5040} {
		for worker := range 20 {
			s := NewShuffle(fmt.Sprint("worker ", worker), n)
			seen := make([]bool, n)
			for i := range n {
				c := s.At(i)
				if seen[c] {
					t.Fatalf("worker %d of %d cells: %d comes twice", worker, n, c)
				}
				seen[c] = true
			}
		}
	}
}

// Two workers rarely want the same cell at the same time.
func TestShufflesOfWorkersDiffer(t *testing.T) {
	const n, workers = 10_000, 50
	for i := range 100 {
		wanted := map[int]int{}
		for w := range workers {
			wanted[NewShuffle(fmt.Sprint("node", w), n).At(i)]++
		}
		if len(wanted) < workers*9/10 {
			t.Errorf("%d workers want %d cells as number %d", workers, len(wanted), i)
		}
	}
}

func TestChainsOfAboutTheSameLength(t *testing.T) {
	for _, c := range []struct {
		a, b time.Duration
		same bool
	}{
		{0, 900 * time.Millisecond, true},
		{time.Minute, 70 * time.Second, false}, // 61 and 71 are on both sides of 64
		{70 * time.Second, 2 * time.Minute, true},
		{time.Minute, 2 * time.Minute, false},
	} {
		if same := Length(c.a) == Length(c.b); same != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, same)
		}
	}
}

// Looks become rarer, and never more than some cells a second.
func TestBackoff(t *testing.T) {
	var b Backoff
	if d := b.First(); d > 10*time.Millisecond {
		t.Errorf("the first look after %s", d)
	}
	last := time.Duration(0)
	for _, c := range []struct {
		waited  time.Duration
		watched int
		most    time.Duration
	}{
		{time.Millisecond, 1, 20 * time.Millisecond}, {time.Second, 1, 100 * time.Millisecond},
		{time.Second, 1, 100 * time.Millisecond}, {time.Minute, 1, 3 * time.Second}, {time.Hour, 1, 5 * time.Second},
	} {
		d := b.Next(c.waited, c.watched, false)
		if d < last || d > c.most {
			t.Errorf("after %s: %s", c.waited, d)
		}
		last = d
	}
	if d := b.Next(time.Second, 1000, false); d != 20*time.Second {
		t.Errorf("of a thousand cells, each is looked at every %s", d)
	}
	if d := b.Next(time.Second, 1000, true); d != 4*time.Second {
		t.Errorf("a run that only shows looks every %s", d)
	}
}
