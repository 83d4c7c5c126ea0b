package run

import (
	"slices"
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
	before := c.last
	c.outcome, c.digest, c.settled = o, o.Artifact.Digest(), true
	c.last = output{c.key, c.digest}
	x.open--
	x.made[c.key] = o.Record
	if o.Status == WasHit {
		x.opts.OnEvent(CellHit{Node: c.Node, Key: o.Key, Record: o.Record})
	} else {
		x.opts.OnEvent(CellDone{Node: c.Node, Key: o.Key, Record: o.Record, Duration: o.Duration})
	}
	if before != (output{}) && before.digest != c.digest {
		if before.key == c.key {
			x.opts.OnEvent(CellNote{Node: c.Node, Key: c.key, Text: "it gave another output than before; the cells that depend on it run again"})
		}
		x.spread(c)
	}
	waiters := c.waiters
	c.waiters = nil
	for _, w := range waiters {
		if w.pending--; w.pending == 0 && !w.settled {
			x.setReady(w)
		}
	}
}

// spread brings the run up to date with a cell that was settled again with another output. All
// cells that depend on it, directly or not, settle once more, each after its dependencies: at once
// if its inputs turn out to be the same. So does a cell with the same key and the old output. A
// cell that runs is left to finish. A failed cell stays failed.
func (x *loop) spread(c *step) {
	reached := map[*step]bool{c: true}
	for _, other := range x.steps { // each comes after its dependencies
		twin := other.key == c.key && other.digest != c.digest
		needs := slices.ContainsFunc(other.needs(x), func(from *step) bool { return reached[from] })
		if !twin && !needs {
			continue
		}
		reached[other] = true
		switch {
		case other.settled && other.outcome.Record != nil:
			x.reopen(other, "")
		case other.runs():
			other.outdated = true
		}
	}
}

// outdate queues a cell whose job has ended, if its inputs are no longer those of the run.
func (x *loop) outdate(c *step) bool {
	if !c.outdated {
		return false
	}
	x.release(c)
	x.opts.OnEvent(CellAgain{Node: c.Node, Key: c.key})
	x.ready.add(c)
	return true
}

// fail records a failed cell, and skips the cells that depend on it.
func (x *loop) fail(c *step, o Outcome) {
	o.Node, o.Key, o.Status = c.Node, c.key, WasFailed
	c.outcome, c.settled = o, true
	x.open--
	x.failed[c.key] = c.Node
	x.opts.OnEvent(CellFailed{Node: c.Node, Key: c.key, Err: o.Err})
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
			x.reopenDamaged(from, err)
		}
	}
	if c.pending == 0 {
		x.ready.add(c)
	}
}

// reopenDamaged queues a settled cell whose output is damaged.
func (x *loop) reopenDamaged(c *step, err *store.DamagedError) {
	delete(x.made, c.key)
	x.reopen(c, "its output "+err.Error())
}

// reopen queues a settled cell. If it must run, this is the reason; empty: the reason of Lookup.
func (x *loop) reopen(c *step, reason string) {
	c.settled, c.reopened, c.outcome, c.reason = false, true, Outcome{Node: c.Node}, reason
	x.open++
	x.ready.add(c)
	x.opts.OnEvent(CellAgain{Node: c.Node, Key: c.key, WasDone: true})
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
	m.cell.making, x.active = true, time.Now()
	x.making++
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

func (m noted) handle(x *loop) {
	x.opts.OnEvent(CellNote{Node: m.cell.Node, Key: m.cell.key, Text: m.text})
}

// retried: a try failed, and another one begins.
type retried struct {
	cell *step
	err  error
	try  int
}

func (m retried) handle(x *loop) {
	x.opts.OnEvent(CellRetried{Node: m.cell.Node, Key: m.cell.key, Err: m.err, Try: m.try, Tries: 1 + m.cell.Node.Stage.Resources.Retries})
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
	if x.made[m.cell.key] = m.record; x.outdate(m.cell) {
		return
	}
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
	if x.outdate(m.cell) {
		return
	}
	x.fail(m.cell, Outcome{Err: &pipeline.CellError{Cell: m.cell.Node.ID, Kind: m.cell.Node.Kind.Name, Err: m.err, Log: m.log}, Duration: m.duration})
	x.release(m.cell)
}

// spent: a job used processor time, whether its cell was made or not.
type spent struct{ cpu time.Duration }

func (m spent) handle(x *loop) { x.cpu += m.cpu }

// stopped: the run was cancelled.
type stopped struct{ cell *step }

func (m stopped) handle(x *loop) {
	x.interrupted = true
	x.free(m.cell)
}
