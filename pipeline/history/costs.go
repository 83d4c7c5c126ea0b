package history

import (
	"fmt"
	"slices"
	"time"

	"foil/internal/digest"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// Costs estimates the time of cells from past records, and caches the estimates. The estimate for a
// cell is the median of the records of its kind whose parameters and backend differ from the cell's
// in the fewest lines. Seeds, inputs and library versions do not count, because they rarely change
// the time.
type Costs struct {
	history *History
	known   map[string]time.Duration // by kind and parameters
	medians map[medianID]time.Duration
}

// A medianID identifies lists of neighbours.
type medianID struct {
	in    *neighbours
	lists string
}

// NewCosts returns the Costs of a history.
func NewCosts(h *History) *Costs {
	return &Costs{h, map[string]time.Duration{}, map[medianID]time.Duration{}}
}

// Wall is the estimated time of a cell, or -1 without a similar record.
func (w *Costs) Wall(n *graph.Node, with plan.Numeric) time.Duration {
	return remember(w.known, n.Kind.Name+"\n"+n.Params.Canonical, func() time.Duration {
		lines := plan.KeyLines(n, with, nil, func(*graph.Node) digest.Digest { return digest.Digest{} })
		return w.median(n.Kind.Name, settings(lines.Sorted()))
	})
}

// median is the median time of the works of a kind whose settings differ in the fewest lines.
func (w *Costs) median(kind string, own digest.KeyLines) time.Duration {
	works := w.history.kinds[kind]
	if works == nil {
		return -1
	}
	near := works.settings.near(own)
	if near.lists == nil {
		return medianOf(wallsNear(works.all, own))
	}
	id := medianID{near.in, fmt.Sprint(near.lists)}
	return remember(w.medians, id, func() time.Duration {
		var walls []float64
		for i := range near.all {
			walls = append(walls, works.all[i].record.WallSeconds)
		}
		return medianOf(walls)
	})
}

func remember[K comparable](known map[K]time.Duration, id K, find func() time.Duration) time.Duration {
	d, ok := known[id]
	if !ok {
		d = find()
		known[id] = d
	}
	return d
}

// wallsNear compares settings with the settings of all works of a list.
func wallsNear(list []*past, own digest.KeyLines) (walls []float64) {
	fewest := 0
	for _, p := range list {
		d := distance(p.settings, own)
		if len(walls) == 0 || d < fewest {
			walls, fewest = nil, d
		}
		if d == fewest {
			walls = append(walls, p.record.WallSeconds)
		}
	}
	return walls
}

func medianOf(seconds []float64) time.Duration {
	slices.Sort(seconds)
	half := len(seconds) / 2
	return time.Duration((seconds[half] + seconds[(len(seconds)-1)/2]) / 2 * float64(time.Second))
}

// settings are the key lines that Costs compares.
func settings(lines digest.KeyLines) digest.KeyLines {
	return slices.DeleteFunc(slices.Clone(lines), func(l digest.KeyLine) bool {
		return l.Part != digest.PartParameter && l.Part != digest.PartBackend
	})
}
