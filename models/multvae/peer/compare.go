package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"foil/internal/bench"
)

// A Comparison runs two programs on the same workloads.
type Comparison struct {
	Peer, Foil Program
	Rounds     int
	Progress   io.Writer // a line per round
}

// A Side is what one program needed for a workload.
type Side struct {
	Version string
	RoundMS []float64 // median step of each round, milliseconds
	Memory  int64     // largest resident memory of any round, bytes; 0: not known
}

// MS is the side's number: the median over its rounds.
func (s Side) MS() float64 { return bench.Median(s.RoundMS) }

// Measured is what came of a workload.
type Measured struct {
	Items, Threads int
	Peer, Foil     Side
}

// Ratio is foil's time over PyTorch's: below 1, foil is faster.
func (m Measured) Ratio() float64 { return m.Foil.MS() / m.Peer.MS() }

// RatioRange is the lowest and the highest ratio of a single round.
func (m Measured) RatioRange() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for i, foil := range m.Foil.RoundMS {
		ratio := foil / m.Peer.RoundMS[i]
		low, high = min(low, ratio), max(high, ratio)
	}
	return low, high
}

// Run measures a workload. Rounds alternate who goes first, so that a machine
// that becomes slower or faster favours nobody.
func (c Comparison) Run(ctx context.Context, w Workload) (Measured, error) {
	m := Measured{Items: w.Items, Threads: w.Threads}
	for round := range c.Rounds {
		var peer, foil Result
		turns := []func() error{
			func() (err error) { peer, err = m.Peer.run(ctx, c.Peer, w); return err },
			func() (err error) { foil, err = m.Foil.run(ctx, c.Foil, w); return err },
		}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		for _, turn := range turns {
			if err := turn(); err != nil {
				return m, err
			}
		}
		if err := sameWork(peer, foil); err != nil {
			return m, err
		}
		fmt.Fprintf(c.Progress, "%d items, threads %d, round %d of %d: %s %.1f ms, %s %.1f ms\n", w.Items, w.Threads,
			round+1, c.Rounds, c.Peer.Name, m.Peer.RoundMS[round], c.Foil.Name, m.Foil.RoundMS[round])
	}
	return m, nil
}

// run adds a round.
func (s *Side) run(ctx context.Context, p Program, w Workload) (Result, error) {
	r, memory, err := p.Run(ctx, w)
	if err != nil {
		return r, err
	}
	s.Version = r.Version
	s.RoundMS = append(s.RoundMS, bench.Median(r.StepMS))
	s.Memory = max(s.Memory, memory)
	return r, nil
}
