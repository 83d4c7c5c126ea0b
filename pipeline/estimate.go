package pipeline

import (
	"slices"
	"time"

	"foil/internal/cache"
)

// An Estimate says how long a plan may take, going by what was made before. A
// cell takes as long as the median of those records of its kind whose
// parameters, and backend, differ from its own in the fewest lines. Seeds and
// inputs do not count, since they seldom change how long something takes.
type Estimate struct {
	Stages []StageEstimate // those with cells that are not in the cache
	Wall   time.Duration   // of all cells, one after the other
	Run    time.Duration   // with as many cells at once as the plan's workers and limits allow
	Blank  int             // cells of which nothing is known
}

// A StageEstimate is about the cells of a stage that are not in the cache.
type StageEstimate struct {
	Stage string
	Cells int
	Wall  time.Duration
	Blank int // cells of which nothing is known; Wall is that of the others
}

// Estimate adds up how long the plan's cells may take that are not in the
// cache. Those that may turn out to be there are taken to run.
func (p *Plan) Estimate(h *History) *Estimate {
	e := &Estimate{}
	known := map[string]time.Duration{}
	ends := make(map[*Node]time.Duration, len(p.Cells)) // on a machine without end
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
		id := c.Node.Kind.Name + "\n" + c.Node.params.canonical
		wall, ok := known[id]
		if !ok {
			wall = h.wall(c.Node, p.opts.Backend)
			known[id] = wall
		}
		ends[c.Node] += max(wall, 0)
		busy.add(p.opts.wants(c.Node), max(wall, 0))
		e.Run = max(e.Run, ends[c.Node])
		e.add(c.Node.Stage.Name, wall)
	}
	e.Run = max(e.Run, e.Wall/time.Duration(p.opts.Workers), busy.least(p.opts.Limits))
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

// wall is how long a cell may take; -1 when nothing is known.
func (h *History) wall(n *Node, backend string) time.Duration {
	own := settings(sortedLines(keyText(n, backend, nil, func(*Node) cache.Digest { return cache.Digest{} })))
	var walls []float64
	fewest := 0
	for _, p := range h.kinds[n.Kind.Name] {
		d := distance(p.settings, own)
		if len(walls) == 0 || d < fewest {
			walls, fewest = nil, d
		}
		if d == fewest {
			walls = append(walls, p.record.WallSeconds)
		}
	}
	if len(walls) == 0 {
		return -1
	}
	slices.Sort(walls)
	half := len(walls) / 2
	return time.Duration((walls[half] + walls[(len(walls)-1)/2]) / 2 * float64(time.Second))
}

// settings are the lines by which an Estimate goes.
func settings(lines []KeyLine) []KeyLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l KeyLine) bool { return l.Part != PartParameter && l.Part != PartBackend })
}
