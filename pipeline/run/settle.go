package run

import (
	"time"

	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// release continues the steps that waited for the same work.
func (x *loop) release(c *step) {
	if x.inFlight[c.key] != c {
		return
	}
	delete(x.inFlight, c.key)
	for _, other := range x.parked[c.key] {
		x.ready.add(other)
	}
	delete(x.parked, c.key)
}

// settle records the outcome of a successful cell, and queues the cells that waited for it.
func (x *loop) settle(c *step, o Outcome) {
	o.Node, o.Key = c.Node, c.key
	o.Artifact = plan.ArtifactOf(o.Record, x.fetch)
	c.outcome, c.digest, c.settled = o, o.Artifact.Digest(), true
	x.open--
	x.made[c.key] = o.Record
	if o.Status == WasHit {
		x.opts.OnEvent(CellHit{Node: c.Node, Key: o.Key, Record: o.Record})
	} else {
		x.opts.OnEvent(CellDone{Node: c.Node, Key: o.Key, Record: o.Record, Duration: o.Duration})
	}
	waiters := c.waiters
	c.waiters = nil
	for _, w := range waiters {
		if w.pending--; w.pending == 0 && !w.settled {
			x.setReady(w)
		}
	}
}

// fail records a failed cell, and skips the cells that depend on it.
func (x *loop) fail(c *step, o Outcome) {
	o.Node, o.Key, o.Status = c.Node, c.key, WasFailed
	c.outcome, c.settled = o, true
	x.open--
	x.failed[c.key] = c.Node
	x.opts.OnEvent(CellFailed{Node: c.Node, Err: o.Err})
	x.skipWaiters(c, c.Node)
	if x.opts.FailFast {
		x.cancel()
	}
}

// skip settles a cell that cannot run because a dependency failed, and all cells that depend on it.
func (x *loop) skip(c *step, cause *graph.Node) {
	c.outcome, c.settled = Outcome{Node: c.Node, Key: c.key, Status: WasSkipped, Cause: cause}, true
	x.open--
	x.opts.OnEvent(CellSkipped{Node: c.Node, Cause: cause})
	x.skipWaiters(c, cause)
}

func (x *loop) skipWaiters(c *step, cause *graph.Node) {
	waiters := c.waiters
	c.waiters = nil
	for _, w := range waiters {
		if !w.settled {
			x.skip(w, cause)
		}
	}
}

// remake lets c wait until the cells with the damaged artifacts have been made again.
func (x *loop) remake(c *step, damaged map[*graph.Node]*store.DamagedError) {
	for _, from := range c.needs(x) {
		err := damaged[from.Node]
		if err == nil {
			continue
		}
		if s := from.outcome.Status; from.settled && (s == WasFailed || s == WasSkipped) {
			cause := from.Node
			if s == WasSkipped {
				cause = from.outcome.Cause
			}
			x.skip(c, cause)
			return
		}
		c.pending++
		from.waiters = append(from.waiters, c)
		if from.settled {
			x.reopen(from, err)
		}
	}
	if c.pending == 0 {
		x.ready.add(c)
	}
}

// reopen queues a settled cell whose output is damaged.
func (x *loop) reopen(c *step, err *store.DamagedError) {
	c.settled, c.outcome = false, Outcome{Node: c.Node}
	delete(x.made, c.key)
	c.reason = "its output " + err.Error()
	x.open++
	x.ready.add(c)
	x.opts.OnEvent(CellAgain{Node: c.Node, WasDone: true})
}

// A message reports the state of a job to the loop. Only the loop changes state, so no state is
// shared.
type message interface{ handle(x *loop) }

// started: the kind is about to run.
type started struct {
	cell    *step
	reason  string
	resumes bool
}

func (m started) handle(x *loop) {
	if m.cell.reason != "" {
		m.reason = m.cell.reason
	}
	x.opts.OnEvent(CellStarted{Node: m.cell.Node, Key: m.cell.key, Reason: m.reason, Resumes: m.resumes})
}

// noted: the cell has a message for the user.
type noted struct {
	cell *step
	text string
}

func (m noted) handle(x *loop) { x.opts.OnEvent(CellNote{Node: m.cell.Node, Text: m.text}) }

// retried: a try failed, and another one begins.
type retried struct {
	cell *step
	err  error
	try  int
}

func (m retried) handle(x *loop) {
	x.opts.OnEvent(CellRetried{Node: m.cell.Node, Err: m.err, Try: m.try, Tries: 1 + m.cell.Node.Stage.Resources.Retries})
}

// finished: the cell is in the cache.
type finished struct {
	cell     *step
	status   Status
	record   *store.Record
	duration time.Duration
}

func (m finished) handle(x *loop) {
	x.free(m.cell)
	x.settle(m.cell, Outcome{Status: m.status, Record: m.record, Duration: m.duration})
	x.release(m.cell)
}

// failed: the cell could not be made.
type failed struct {
	cell     *step
	err      error
	log      string
	duration time.Duration
}

func (m failed) handle(x *loop) {
	x.free(m.cell)
	x.fail(m.cell, Outcome{Err: &pipeline.CellError{Cell: m.cell.Node.ID, Kind: m.cell.Node.Kind.Name, Err: m.err, Log: m.log}, Duration: m.duration})
	x.release(m.cell)
}

// spent: a job used processor time, whether its cell was made or not.
type spent struct{ cpu time.Duration }

func (m spent) handle(x *loop) { x.cpu += m.cpu }

// stopped: the run was cancelled.
type stopped struct{ cell *step }

func (m stopped) handle(x *loop) { x.free(m.cell) }
