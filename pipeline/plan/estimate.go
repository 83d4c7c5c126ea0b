package plan

import (
	"slices"
	"time"

	"foil/pipeline"
	"foil/pipeline/graph"
)

// An Estimate says how long a plan may take.
type Estimate struct {
	Stages []StageEstimate // those with cells that are not in the cache
	Wall   time.Duration   // of all cells, one after the other
	Run    time.Duration   // with as many cells in parallel as the limits allow
	Blank  int             // cells of which nothing is known
}

// A StageEstimate is about the cells of a stage that are not in the cache.
type StageEstimate struct {
	Stage string
	Cells int
	Wall  time.Duration
	Blank int // cells of which nothing is known; Wall is that of the others
}

// Costs know how long cells took in the past.
type Costs interface {
	// Wall is how long a cell may take; negative: nothing is known.
	Wall(n *graph.Node, with Numeric) time.Duration
}

// Estimate adds up how long the plan's cells may take that are not in the store, on an
// executor that has so much and runs so many cells at once (0: as many as there is room
// for). Cells that may turn out to be hits are taken to run.
func (p *Plan) Estimate(past Costs, all pipeline.Limits, workers int) *Estimate {
	e := &Estimate{}
	ends := make(map[*graph.Node]time.Duration, len(p.Cells)) // on a machine without end
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

// A load is what cells keep busy over time: of all of them, the amount that each takes
// of the machine times how long it takes it, in nanoseconds.
type load struct{ cores, memory, gpus float64 }

func (l *load) add(want pipeline.Limits, wall time.Duration) {
	l.cores += float64(want.Cores) * float64(wall)
	l.memory += float64(want.Memory) * float64(wall)
	l.gpus += float64(want.GPUs) * float64(wall)
}

// least is the time in which a machine gets through, if it is never idle. What it has
// nothing of does not count: a run would refuse such cells.
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
