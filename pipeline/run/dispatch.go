package run

import (
	"container/heap"
	"errors"
	"time"

	"foil/pipeline"
)

// dispatch starts ready cells in the order of their priority, as far as their resources are free.
func (x *loop) dispatch() {
	full := map[*lane]bool{}
	room := room{left: x.room}
	for x.busy < x.opts.Workers && room.left.Cores > 0 && x.ctx.Err() == nil {
		next := x.ready.first(full)
		if next == nil {
			return
		}
		switch {
		case x.leaves(next.cells[0]):
			x.start(next.take())
		case !x.opts.Executor.Capacity().Holds(next.want): // it was planned as a hit, but its output is damaged
			c := next.take()
			x.fail(c, Outcome{Err: cellError(c.Node, errors.New("it must be made again, but needs more cores, memory or GPUs than this run may use"))})
		case !room.admits(next.want):
			full[next] = true
		case !x.start(next.take()):
			room.left = room.left.Plus(next.want)
		}
	}
}

// A queue holds ready cells. The cell with the lowest priority number is next. Cells that ask for
// the same resources share a lane: if the first of them has to wait, so have the others, and
// nobody looks at them.
type queue struct {
	lanes []*lane
	of    map[pipeline.Limits]*lane
}

// A lane holds ready cells that ask for the same resources.
type lane struct {
	want  pipeline.Limits
	cells byPriority
}

func (q *queue) add(c *step) {
	l := q.of[c.want]
	if l == nil {
		l = &lane{want: c.want}
		if q.of == nil {
			q.of = map[pipeline.Limits]*lane{}
		}
		q.of[c.want] = l
		q.lanes = append(q.lanes, l)
	}
	heap.Push(&l.cells, c)
}

// first returns the lane of the next cell, without the lanes that are full. It returns nil if there
// is no such cell.
func (q *queue) first(full map[*lane]bool) *lane {
	var first *lane
	for _, l := range q.lanes {
		if len(l.cells) > 0 && !full[l] && (first == nil || l.cells[0].priority < first.cells[0].priority) {
			first = l
		}
	}
	return first
}

func (l *lane) take() *step { return heap.Pop(&l.cells).(*step) }

type byPriority []*step

func (q byPriority) Len() int           { return len(q) }
func (q byPriority) Less(i, j int) bool { return q[i].priority < q[j].priority }
func (q byPriority) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *byPriority) Push(c any)        { *q = append(*q, c.(*step)) }
func (q *byPriority) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return c
}

// A room is the free resources of the machine while dispatch looks at one ready cell after the
// other.
type room struct {
	left pipeline.Limits
	kept bool
}

// admits reports whether a cell can start now. The resources of the first cell that cannot start
// are reserved for it, so that smaller cells do not overtake it forever. Other cells may use the
// rest, so that a cell that waits for a GPU does not keep the processor idle.
func (r *room) admits(want pipeline.Limits) bool {
	fits := r.left.Holds(want)
	if fits || !r.kept {
		r.left = r.left.Minus(want)
		r.kept = r.kept || !fits
	}
	return fits
}

// hold takes the resources of a cell.
func (x *loop) hold(c *step) {
	c.held = c.want
	x.room = x.room.Minus(c.held)
	x.busy++
	x.clock++
	c.began, c.ended = x.clock, 0
}

// free gives the resources of a cell back.
func (x *loop) free(c *step) {
	x.busy--
	if c.making {
		c.making, x.active = false, time.Now()
		x.making--
	}
	x.room = x.room.Plus(c.held)
	c.held = pipeline.Limits{}
	x.clock++
	c.ended = x.clock
	x.readmit()
}
