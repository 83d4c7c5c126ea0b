package slurm

import (
	"math"
	"slices"
	"time"

	"foil/pipeline"
	"foil/pipeline/plan"
	"foil/spec"
)

// A Past knows past works like the cells of a plan.
type Past interface {
	plan.Costs
	Memory(c *plan.Cell) int64 // the largest peak; 0: not known
}

const (
	workerMemory   = 512 << 20        // of a worker besides its cells
	memoryMargin   = 1.3              // of cells over past ones
	timeMargin     = 2                // over the estimate
	leastTime      = 30 * time.Minute // of a worker, because a node may be slower
	enoughTime     = 12 * time.Hour   // of a worker, unless a cell takes longer
	defaultWorkers = 16
)

// Size returns the arrays for the cells of a plan that are not in the cache: workers with GPUs for
// the cells that need them, and workers without for the others. Workers with GPUs are large enough
// for every cell: they may start when the others have ended. most limits the workers of all arrays
// together (0: a default), and maxArray those of each. maxTime is the longest time limit that the
// cluster permits with some settings (0: not known).
func Size(p *plan.Plan, past Past, set spec.Slurm, most, maxArray int, maxTime func(spec.Slurm) time.Duration) (arrays []*Array) {
	if most == 0 {
		most = defaultWorkers
	}
	var without, with []need // GPUs
	for _, c := range p.Cells {
		if c.State == plan.Hit || c.SameAs != nil || c.Node.Kind.Light {
			continue
		}
		if n := needOf(c, p.Options.Wants(c.Node), past); n.GPUs > 0 {
			with = append(with, n)
		} else {
			without = append(without, n)
		}
	}
	all := slices.Concat(with, without)
	if len(with) > 0 && most == 1 {
		with, without = all, nil
	}
	elements := max(maxArray, 1)
	if len(with) > 0 {
		share := most
		if len(without) > 0 {
			share = max(1, min(most-1, most*len(with)/len(all)))
		}
		a := array(with, all, min(share, elements), set.ForGPUs(), maxTime)
		most -= a.Workers
		arrays = append(arrays, a)
	}
	if set.GPU = nil; len(without) > 0 {
		arrays = append(arrays, array(without, without, min(most, elements), set, maxTime))
	}
	return arrays
}

// A need is what a cell needs of a worker.
type need struct {
	pipeline.Limits
	memory int64         // its own limit, or from past works; 0: not known
	wall   time.Duration // 0: not known
	known  bool          // wall
}

func needOf(c *plan.Cell, want pipeline.Limits, past Past) need {
	n := need{Limits: want, memory: want.Memory}
	if past != nil {
		cost := past.Cost(c)
		n.known, n.wall = cost.Known, cost.Wall
		if n.memory == 0 {
			n.memory = int64(memoryMargin * float64(past.Memory(c)))
		}
	}
	return n
}

// atOnce is how many such cells a worker can run at the same time.
func (n need) atOnce(a *Array) int {
	most := a.Cores / max(n.Cores, 1)
	if n.GPUs > 0 {
		most = min(most, a.GPUs/n.GPUs)
	}
	return max(most, 1)
}

// array is an array of at most n workers for some cells, each of which can run any of all cells.
// What is not known is left to the cluster.
func array(cells, all []need, n int, set spec.Slurm, maxTime func(spec.Slurm) time.Duration) *Array {
	a := &Array{Time: set.Time, Slurm: set}
	for _, c := range all {
		a.Cores, a.GPUs = max(a.Cores, c.Cores), max(a.GPUs, c.GPUs)
	}
	var memory int64
	known, declared := true, false // memory
	for _, c := range all {
		memory = max(memory, int64(c.atOnce(a))*c.memory)
		known = known && c.memory > 0
		declared = declared || c.Memory > 0
	}
	if known || declared {
		a.Memory = workerMemory + memory
	}
	var workers, wall float64 // of workers that run nothing else
	var longest time.Duration
	timed := true
	for _, c := range cells {
		share := 1 / float64(c.atOnce(a))
		workers += share
		wall += share * float64(c.wall)
		longest = max(longest, c.wall)
		timed = timed && c.known
	}
	const rounding = 1e-6
	a.Workers = max(1, min(n, int(math.Ceil(workers-rounding))))
	if a.Time == 0 && timed {
		a.Time = timeFor(time.Duration(wall/float64(a.Workers)), longest)
		if limit := maxTime(set); limit > 0 {
			a.Time = min(a.Time, limit)
		}
	}
	a.Slurm.Extra = slices.Clone(set.Extra)
	return a
}

// timeFor is the time limit of workers that run for a time, and whose longest cell may start last.
// Workers put themselves back into the queue, so a limit that few partitions permit gains nothing.
func timeFor(all, longest time.Duration) time.Duration {
	want := max(leastTime, timeMargin*(all+longest)).Round(time.Minute)
	return min(want, max(timeMargin*longest, enoughTime).Round(time.Minute)) + longWarning
}
