package slurm

import (
	"cmp"
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
	defaultWorkers = 16
)

// Size returns the arrays for the cells of a plan that are not in the cache: workers with GPUs for
// the cells that need them, and workers without for the others. most limits the workers of all
// arrays together (0: a default), and maxArray those of each.
func Size(p *plan.Plan, past Past, set spec.Slurm, most, maxArray int) (arrays []*Array) {
	if most == 0 {
		most = defaultWorkers
	}
	var parts [2]part // without and with GPUs
	for _, c := range p.Cells {
		if c.State == plan.Hit || c.SameAs != nil || c.Node.Kind.Light {
			continue
		}
		want := p.Options.Wants(c.Node)
		parts[min(want.GPUs, 1)].add(c, want, past)
	}
	without, with := &parts[0], &parts[1]
	if with.cells > 0 && (most == 1 || without.cells == 0) {
		with.join(without) // a worker with GPUs makes other cells, too
	}
	elements := max(maxArray, 1)
	for i, part := range []*part{with, without} {
		if part.cells == 0 {
			continue
		}
		share := most
		if i == 0 && without.cells > 0 {
			share = max(1, min(most-1, most*with.cells/(with.cells+without.cells)))
		}
		a := part.array(min(share, part.cells, elements), past != nil, set)
		most -= a.Workers
		arrays = append(arrays, a)
	}
	return arrays
}

// A part is the cells for workers of one size.
type part struct {
	cells    int
	want     pipeline.Limits // the largest of each
	least    int             // cores
	wall     time.Duration   // of all cells whose time is known
	longest  time.Duration
	unknown  int   // cells without a known time
	memory   int64 // the largest of past works
	noMemory int   // cells without a known memory
}

func (t *part) add(c *plan.Cell, want pipeline.Limits, past Past) {
	own := part{cells: 1, want: want, least: want.Cores, unknown: 1, memory: want.Memory}
	if past != nil {
		if cost := past.Cost(c); cost.Known {
			own.unknown, own.wall, own.longest = 0, cost.Wall, cost.Wall
		}
		if own.memory == 0 {
			own.memory = int64(memoryMargin * float64(past.Memory(c)))
		}
	}
	if own.memory == 0 {
		own.noMemory = 1
	}
	t.join(&own)
}

func (t *part) join(other *part) {
	if other.cells == 0 {
		return
	}
	t.least = cmp.Or(min(t.least, other.least), t.least, other.least)
	t.cells += other.cells
	t.want = pipeline.Limits{
		Cores: max(t.want.Cores, other.want.Cores), Memory: max(t.want.Memory, other.want.Memory), GPUs: max(t.want.GPUs, other.want.GPUs),
	}
	t.wall += other.wall
	t.longest = max(t.longest, other.longest)
	t.unknown += other.unknown
	t.memory = max(t.memory, other.memory)
	t.noMemory += other.noMemory
	*other = part{}
}

// array is the array of n workers. What is not known is left to the cluster.
func (t *part) array(n int, known bool, set spec.Slurm) *Array {
	a := &Array{Workers: n, Cores: t.want.Cores, GPUs: t.want.GPUs, Time: set.Time, Slurm: set}
	atOnce := t.want.Cores / max(t.least, 1)
	if t.noMemory == 0 || t.want.Memory > 0 {
		a.Memory = workerMemory + int64(atOnce)*t.memory
	}
	if a.Time == 0 && known && t.unknown == 0 {
		all := t.wall / time.Duration(n*atOnce)
		a.Time = max(leastTime, timeMargin*(all+t.longest)).Round(time.Minute) + longWarning
	}
	a.Slurm.Extra = slices.Clone(set.Extra)
	return a
}
