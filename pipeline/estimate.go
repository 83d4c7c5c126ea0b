package pipeline

import (
	"fmt"
	"foil/internal/digest"
	"slices"
	"time"
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
	walls := newWalls(h)
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
		wall := walls.of(c.Node, p.opts.Backend)
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

// walls say how long cells may take, and remember what they said.
type walls struct {
	history *History
	known   map[string]time.Duration // by kind and parameters
	medians map[medianID]time.Duration
}

// A medianID names lists of neighbours.
type medianID struct {
	in    *neighbours
	lists string
}

func newWalls(h *History) *walls {
	return &walls{h, map[string]time.Duration{}, map[medianID]time.Duration{}}
}

// of is how long a cell may take; -1 when nothing is known.
func (w *walls) of(n *Node, backend string) time.Duration {
	return remember(w.known, n.Kind.Name+"\n"+n.params.Canonical, func() time.Duration {
		text := keyText(n, backend, nil, func(*Node) digest.Digest { return digest.Digest{} })
		return w.median(n.Kind.Name, settings(sortedLines(text)))
	})
}

// median is that of the works of a kind whose settings differ in the fewest lines.
func (w *walls) median(kind string, own []KeyLine) time.Duration {
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

// wallsNear compares settings with those of all works of a list.
func wallsNear(list []*past, own []KeyLine) (walls []float64) {
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

// settings are the lines by which an Estimate goes.
func settings(lines []KeyLine) []KeyLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l KeyLine) bool { return l.Part != PartParameter && l.Part != PartBackend })
}
