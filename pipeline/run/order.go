package run

import (
	"hash/fnv"
	"math"
	"time"
)

// The rules that workers share, as functions of numbers alone. internal/bench/scale simulates
// thousands of workers with them.

// Length is the logarithm of the time that a chain of cells takes. Workers take cells with longer
// chains first. Among cells of the same length, each has an order of its own.
func Length(chain time.Duration) int { return int(math.Log2(1 + chain.Seconds())) }

// A Shuffle is the order in which a worker takes n cells of the same length: every step-th cell, in
// a circle. It needs neither memory nor the names of the cells, so it costs a worker nothing if
// there are a million.
type Shuffle struct{ n, first, step uint64 }

// NewShuffle returns the order of a worker. Workers with different names begin at different cells
// and have different steps, so they rarely try to take the same cell.
func NewShuffle(worker string, n int) Shuffle {
	h := fnv.New64a()
	h.Write([]byte(worker))
	s := Shuffle{n: uint64(n), step: 1}
	if n > 1 {
		s.first = mix(h.Sum64()) % s.n
		s.step += mix(^h.Sum64()) % (s.n - 1)
	}
	for gcd(s.step, s.n) > 1 {
		s.step++ // at most to n-1, which has no factor in common with n
	}
	return s
}

// At is the number of the cell that the worker takes as the i-th one, both from 0.
func (s Shuffle) At(i int) int { return int((s.first + uint64(i)*s.step) % s.n) }

// mix spreads the bits of a hash, because names that differ in the last character have similar
// hashes.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

func gcd(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

const (
	pollSoonest = time.Millisecond
	pollUsually = 100 * time.Millisecond // after the first seconds, at least
	pollRarest  = 5 * time.Second        // for a few cells
	pollSpace   = 20 * time.Millisecond  // for each cell in the list, because there may be many workers
	showSpace   = 4 * time.Millisecond   // the same for a run that only shows what workers do
)

// A Backoff is how often a worker looks at a cell that others make: less and less often.
type Backoff struct{ delay time.Duration }

// First is the time until the first look.
func (b *Backoff) First() time.Duration {
	b.delay = pollSoonest
	return b.delay
}

// Next is the time until the next look at a cell that the worker has waited for, if it watches some
// cells in all. shows: it only shows what others do.
func (b *Backoff) Next(waited time.Duration, watched int, shows bool) time.Duration {
	b.delay = min(2*b.delay, max(pollUsually, waited/20), pollRarest)
	space := pollSpace
	if shows {
		space = showSpace
	}
	return max(b.delay, space*time.Duration(watched))
}
