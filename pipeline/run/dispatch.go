package run

import (
	"errors"

	"foil/pipeline"
)

// dispatch starts ready cells as far as there is room for them, in the order of
// their priority.
func (x *loop) dispatch() {
	var wait []*step
	room := room{left: x.room}
	for x.busy < x.opts.Workers && room.left.Cores > 0 && !x.ready.isEmpty() && x.ctx.Err() == nil {
		c := x.ready.take()
		want := x.plan.Options.Wants(c.Node)
		switch {
		case !x.opts.Executor.Capacity().Holds(want): // planned as a hit, and damaged
			x.fail(c, Outcome{Err: cellError(c.Node, errors.New("it has to be made again, and takes more than a run may use here"))})
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

// A room is what is left of the machine for ready cells that are looked at one
// after the other.
type room struct {
	left pipeline.Limits
	kept bool
}

// admits says whether a cell can start now. What the first one takes that cannot
// is kept free for it, so that it is not overtaken forever by smaller ones; the
// others may go on with the rest, so that a cell that waits for a GPU does not
// keep the processor idle.
func (r *room) admits(want pipeline.Limits) bool {
	fits := r.left.Holds(want)
	if fits || !r.kept {
		r.left = r.left.Minus(want)
		r.kept = r.kept || !fits
	}
	return fits
}

// hold takes what a cell needs of the machine.
func (x *loop) hold(c *step) {
	c.held = x.plan.Options.Wants(c.Node)
	x.room = x.room.Minus(c.held)
	x.busy++
}

// free gives it back.
func (x *loop) free(c *step) {
	x.busy--
	x.room = x.room.Plus(c.held)
	c.held = pipeline.Limits{}
}
