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
	Chain  time.Duration    // of the longest chain of cells that depend on each other
	Run    time.Duration    // with as many cells in parallel as the limits allow
	Blank  int              // cells with unknown time

	// The same without the time in which past cells waited for the processor, of all cells and of
	// the longest chain.
	Processor, ProcessorChain time.Duration
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
	Known     bool
	Wall      time.Duration
	Processor time.Duration // the part of Wall that the cell computes
	Rough     bool          // the past cells have other parameters, which may change the time
	Why       string        // why the time is unknown
}

// Estimate adds up the estimated times of the cells that are not in the store, for an executor with
// the given capacity and number of parallel cells (0: as many as fit). It counts cells that may
// turn out to be hits as misses.
func (p *Plan) Estimate(past Costs, all pipeline.Limits, workers int) *Estimate {
	e := &Estimate{}
	stages := map[string]*StageEstimate{}
	type end struct{ wall, processor time.Duration }
	ends := make(map[*graph.Node]end, len(p.Cells)) // on a machine without limits
	var busy load
	for _, c := range p.Cells {
		var own end
		for _, in := range c.Node.Inputs {
			for _, from := range in.From {
				own = end{max(own.wall, ends[from].wall), max(own.processor, ends[from].processor)}
			}
		}
		ends[c.Node] = own
		if c.State == Hit || c.SameAs != nil {
			continue
		}
		cost := past.Cost(c)
		own = end{plus(own.wall, cost.Wall), plus(own.processor, cost.Processor)}
		ends[c.Node] = own
		busy.add(p.Options.Wants(c.Node), cost.Wall)
		e.Chain, e.ProcessorChain = max(e.Chain, own.wall), max(e.ProcessorChain, own.processor)
		name := c.Node.Stage.Name
		if stages[name] == nil {
			stages[name] = &StageEstimate{Stage: name}
			e.Stages = append(e.Stages, stages[name])
		}
		e.add(stages[name], cost)
	}
	e.Run = max(e.Chain, busy.least(all))
	if workers > 0 {
		run, _ := e.With(workers)
		e.Run = max(e.Run, run)
	}
	return e
}

// With is the time with so many workers that make one cell at a time each: at least that of the
// longest chain, and that of all cells divided by the workers. processor is the time on machines
// where no cell waits for the processor.
func (e *Estimate) With(workers int) (wall, processor time.Duration) {
	n := time.Duration(workers)
	return max(e.Chain, e.Wall/n), max(e.ProcessorChain, e.Processor/n)
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
	e.Wall, e.Processor = plus(e.Wall, cost.Wall), plus(e.Processor, cost.Processor)
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
