package plan

import (
	"slices"
	"time"

	"foil/pipeline"
	"foil/pipeline/graph"
)

// An Estimate is the estimated time of a plan.
type Estimate struct {
	Stages []StageEstimate // stages with cells that are not in the cache
	Wall   time.Duration   // of all cells, one after the other
	Run    time.Duration   // with as many cells in parallel as the limits allow
	Blank  int             // cells with unknown time
}

// A StageEstimate is about the cells of a stage that are not in the cache.
type StageEstimate struct {
	Stage string
	Cells int
	Wall  time.Duration
	Blank int // cells with unknown time; Wall is the time of the others
}

// Costs estimates times from past records.
type Costs interface {
	// Wall is the estimated time of a cell; negative: not known.
	Wall(n *graph.Node, with Numeric) time.Duration
}

// Estimate adds up the estimated times of the cells that are not in the store, for an executor with
// the given capacity and number of parallel cells (0: as many as fit). It counts cells that may
// turn out to be hits as misses.
func (p *Plan) Estimate(past Costs, all pipeline.Limits, workers int) *Estimate {
	e := &Estimate{}
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
		wall := past.Wall(c.Node, p.Options.Numeric)
		ends[c.Node] += max(wall, 0)
		busy.add(p.Options.Wants(c.Node), max(wall, 0))
		e.Run = max(e.Run, ends[c.Node])
		e.add(c.Node.Stage.Name, wall)
	}
	e.Run = max(e.Run, busy.least(all))
	if workers > 0 {
		e.Run = max(e.Run, e.Wall/time.Duration(workers))
	}
	return e
}

func (e *Estimate) add(stage string, wall time.Duration) {
	i := slices.IndexFunc(e.Stages, func(s StageEstimate) bool { return s.Stage == stage })
	if i < 0 {
		i = len(e.Stages)
		e.Stages = append(e.Stages, StageEstimate{Stage: stage})
	}
	s := &e.Stages[i]
	s.Cells++
	if wall < 0 {
		s.Blank++
		e.Blank++
		return
	}
	s.Wall += wall
	e.Wall += wall
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
	return time.Duration(d)
}
