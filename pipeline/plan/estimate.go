package plan

import (
	"cmp"
	"math"
	"time"

	"foil/pipeline"
	"foil/pipeline/graph"
)

// An Estimate is the estimated time of a plan.
type Estimate struct {
	Stages []*StageEstimate // stages with cells that are not in the cache
	Wall   time.Duration    // of all cells, one after the other
	Run    time.Duration    // with as many cells in parallel as the limits allow
	Blank  int              // cells with unknown time
}

// A StageEstimate is about the cells of a stage that are not in the cache.
type StageEstimate struct {
	Stage string
	Cells int
	Wall  time.Duration
	Rough bool   // see Cost
	Blank int    // cells with unknown time; Wall is the time of the others
	Why   string // why the time of the first of them is unknown
}

// Costs estimates times from past records.
type Costs interface{ Cost(c *Cell) Cost }

// A Cost is the estimated time of a cell.
type Cost struct {
	Known bool
	Wall  time.Duration
	Rough bool   // the past cells have other parameters, which may change the time
	Why   string // why the time is unknown
}

// Estimate adds up the estimated times of the cells that are not in the store, for an executor with
// the given capacity and number of parallel cells (0: as many as fit). It counts cells that may
// turn out to be hits as misses.
func (p *Plan) Estimate(past Costs, all pipeline.Limits, workers int) *Estimate {
	e := &Estimate{}
	stages := map[string]*StageEstimate{}
	ends := make(map[*graph.Node]time.Duration, len(p.Cells)) // on a machine without limits
	var busy load
	for _, c := range p.Cells {
		for _, in := range c.Node.Inputs {
			for _, from := range in.From {
				ends[c.Node] = max(ends[c.Node], ends[from])
			}
		}
		if c.State == Hit || c.SameAs != nil {
			continue
		}
		cost := past.Cost(c)
		ends[c.Node] = plus(ends[c.Node], cost.Wall)
		busy.add(p.Options.Wants(c.Node), cost.Wall)
		e.Run = max(e.Run, ends[c.Node])
		name := c.Node.Stage.Name
		if stages[name] == nil {
			stages[name] = &StageEstimate{Stage: name}
			e.Stages = append(e.Stages, stages[name])
		}
		e.add(stages[name], cost)
	}
	e.Run = max(e.Run, busy.least(all))
	if workers > 0 {
		e.Run = max(e.Run, e.Wall/time.Duration(workers))
	}
	return e
}

func (e *Estimate) add(s *StageEstimate, cost Cost) {
	s.Cells++
	if !cost.Known {
		s.Blank++
		e.Blank++
		s.Why = cmp.Or(s.Why, cost.Why)
		return
	}
	s.Wall = plus(s.Wall, cost.Wall)
	s.Rough = s.Rough || cost.Rough
	e.Wall = plus(e.Wall, cost.Wall)
}

// plus adds times without overflow.
func plus(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// A load is the sum of resources times duration over cells, with durations in nanoseconds.
type load struct{ cores, memory, gpus float64 }

func (l *load) add(want pipeline.Limits, wall time.Duration) {
	l.cores += float64(want.Cores) * float64(wall)
	l.memory += float64(want.Memory) * float64(wall)
	l.gpus += float64(want.GPUs) * float64(wall)
}

// least is the time for the load on a machine that is never idle. Resources that the machine lacks
// do not count, because a run refuses cells that ask for them.
func (l load) least(all pipeline.Limits) time.Duration {
	d := l.cores / float64(all.Cores)
	if all.Memory > 0 {
		d = max(d, l.memory/float64(all.Memory))
	}
	if all.GPUs > 0 {
		d = max(d, l.gpus/float64(all.GPUs))
	}
	return time.Duration(min(d, math.MaxInt64/2))
}
