package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
)

// A Comparison runs two programs on the same tasks.
type Comparison struct {
	Peer, Foil Program
	SameWork   func(peer, foil Result) error // an error if their times must not be compared
	Rounds     int
	Progress   io.Writer // a line per round
}

// A Side is the measured time and memory of one program for a task.
type Side struct {
	Version string
	RoundMS []float64 // median step of each round, milliseconds
	Memory  int64     // largest resident memory of any round, bytes; 0: not known
}

// MS is the median step time over the rounds.
func (s Side) MS() float64 { return Median(s.RoundMS) }

// A Pair is both sides of a task.
type Pair struct{ Peer, Foil Side }

// Ratio is foil's time over the peer's: below 1, foil is faster.
func (p Pair) Ratio() float64 { return p.Foil.MS() / p.Peer.MS() }

// RatioRange is the lowest and the highest ratio of a single round.
func (p Pair) RatioRange() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for i, foil := range p.Foil.RoundMS {
		ratio := foil / p.Peer.RoundMS[i]
		low, high = min(low, ratio), max(high, ratio)
	}
	return low, high
}

// Run measures a task. The rounds alternate which program runs first, so that a machine that
// becomes slower or faster favours neither.
func (c Comparison) Run(ctx context.Context, t Task) (Pair, error) {
	var p Pair
	for round := range c.Rounds {
		var peer, foil Result
		turns := []func() error{
			func() (err error) { peer, err = p.Peer.run(ctx, c.Peer, t); return err },
			func() (err error) { foil, err = p.Foil.run(ctx, c.Foil, t); return err },
		}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		for _, turn := range turns {
			if err := turn(); err != nil {
				return p, fmt.Errorf("%s: %w", t.Name(), err)
			}
		}
		if err := c.SameWork(peer, foil); err != nil {
			return p, fmt.Errorf("%s: %w", t.Name(), err)
		}
		fmt.Fprintf(c.Progress, "%s, round %d of %d: %s %.1f ms, %s %.1f ms\n", t.Name(),
			round+1, c.Rounds, c.Peer.Name, p.Peer.RoundMS[round], c.Foil.Name, p.Foil.RoundMS[round])
	}
	return p, nil
}

// run adds a round.
func (s *Side) run(ctx context.Context, p Program, t Task) (Result, error) {
	r, memory, err := p.Run(ctx, t)
	if err != nil {
		return r, err
	}
	s.Version = r.Version
	s.RoundMS = append(s.RoundMS, Median(r.StepMS))
	s.Memory = max(s.Memory, memory)
	return r, nil
}

// Within returns an error if a loss is missing, or if the losses of the sides differ by more than a
// factor.
func Within(factors, peer, foil Losses) error {
	for part, factor := range factors {
		p, f := peer[part], foil[part]
		if !(p > 0 && f > 0 && max(p, f) <= factor*min(p, f)) {
			return fmt.Errorf("PyTorch's %s loss is %.4g, foil's %.4g: step.py and foil.go do not do the same", part, p, f)
		}
	}
	return nil
}

// Mean is that of each loss over steps.
func Mean(steps []Losses) Losses {
	sum := Losses{}
	for _, losses := range steps {
		for part, loss := range losses {
			sum[part] += loss / float64(len(steps))
		}
	}
	return sum
}

// A Row is a line of the table: a description of the measurement, and its result.
type Row struct {
	Labels []string
	Pair
}

// WriteTable writes rows as a Markdown table that reads well as text, too.
func WriteTable(out io.Writer, machine string, heads []string, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	first, note := rows[0], ""
	cells := [][]string{append(slices.Clone(heads), "PyTorch ms", "foil ms", "ratio", "of single rounds", "PyTorch MiB", "foil MiB")}
	for _, r := range rows {
		low, high := r.RatioRange()
		if !Steady(low, high) {
			note = "\nRatios of single rounds are far apart: the machine was busy. Measure again before quoting them.\n"
		}
		cells = append(cells, append(slices.Clone(r.Labels),
			fmt.Sprintf("%.1f", r.Peer.MS()), fmt.Sprintf("%.1f", r.Foil.MS()),
			fmt.Sprintf("%.2f", r.Ratio()), fmt.Sprintf("%.2f-%.2f", low, high),
			Mebibytes(r.Peer.Memory), Mebibytes(r.Foil.Memory),
		))
	}
	_, err := fmt.Fprintf(out, "%s beside %s; %s; %d rounds\n\n%s%s", first.Peer.Version, first.Foil.Version, machine,
		len(first.Foil.RoundMS), Markdown(cells), note)
	return err
}
