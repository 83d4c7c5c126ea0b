package pipeline

import "errors"

// dispatch starts ready cells as far as there is room for them, in the order of
// their priority.
func (x *executor) dispatch() {
	var wait []*cell
	room := room{left: x.room}
	for x.busy < x.opts.Workers && room.left.Cores > 0 && !x.ready.isEmpty() && x.ctx.Err() == nil {
		c := x.ready.take()
		want := x.opts.wants(c.Node)
		switch {
		case !x.opts.Limits.holds(want): // planned as a hit, and damaged
			x.fail(c, Outcome{Err: &CellError{Node: c.Node, Err: errors.New("it has to be made again, and takes more than a run may use here")}})
		case !room.admits(want):
			wait = append(wait, c)
		case !x.start(c):
			room.left = room.left.plus(want)
		}
	}
	for _, c := range wait {
		x.ready.add(c)
	}
}

// A room is what is left of the machine for ready cells that are looked at one
// after the other.
type room struct {
	left Limits
	kept bool
}

// admits says whether a cell can start now. What the first one takes that cannot
// is kept free for it, so that it is not overtaken forever by smaller ones; the
// others may go on with the rest, so that a cell that waits for a GPU does not
// keep the processor idle.
func (r *room) admits(want Limits) bool {
	fits := r.left.holds(want)
	if fits || !r.kept {
		r.left = r.left.minus(want)
		r.kept = r.kept || !fits
	}
	return fits
}

// hold takes what a cell needs of the machine.
func (x *executor) hold(c *cell) {
	c.held = x.opts.wants(c.Node)
	x.room = x.room.minus(c.held)
	c.gpus, x.gpus = x.gpus[:c.held.GPUs:c.held.GPUs], x.gpus[c.held.GPUs:]
	x.busy++
}

// free gives it back.
func (x *executor) free(c *cell) {
	x.busy--
	x.room = x.room.plus(c.held)
	x.gpus = append(x.gpus[:len(x.gpus):len(x.gpus)], c.gpus...)
	c.held, c.gpus = Limits{}, nil
}
