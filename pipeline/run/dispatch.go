package run

import (
	"errors"

	"foil/pipeline"
)

// dispatch starts ready cells in the order of their priority, as far as their resources are free.
func (x *loop) dispatch() {
	var wait []*step
	room := room{left: x.room}
	for x.busy < x.opts.Workers && room.left.Cores > 0 && !x.ready.isEmpty() && x.ctx.Err() == nil {
		c := x.ready.take()
		want := x.plan.Options.Wants(c.Node)
		switch {
		case !x.opts.Executor.Capacity().Holds(want): // it was planned as a hit, but its output is damaged
			x.fail(c, Outcome{Err: cellError(c.Node, errors.New("it must be made again, but needs more cores, memory or GPUs than this run may use"))})
		case !room.admits(want):
			wait = append(wait, c)
		case !x.start(c):
			room.left = room.left.Plus(want)
		}
	}
	for _, c := range wait {
		x.ready.add(c)
	}
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
	c.held = x.plan.Options.Wants(c.Node)
	x.room = x.room.Minus(c.held)
	x.busy++
	x.clock++
	c.began, c.ended = x.clock, 0
}

// free gives the resources of a cell back.
func (x *loop) free(c *step) {
	x.busy--
	x.room = x.room.Plus(c.held)
	c.held = pipeline.Limits{}
	x.clock++
	c.ended = x.clock
	x.readmit()
}
