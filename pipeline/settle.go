package pipeline

import "foil/internal/store"

// release lets those go on that waited for the same work.
func (x *executor) release(c *cell) {
	delete(x.inFlight, c.key)
	for _, other := range x.parked[c.key] {
		x.ready.add(other)
	}
	delete(x.parked, c.key)
}

// settle notes the outcome of a cell that ended well, and readies what waited
// for it.
func (x *executor) settle(c *cell, o Outcome) {
	o.Node, o.Key = c.Node, c.key
	o.Artifact = artifactOf(o.Record, x.opts.openFile)
	c.outcome, c.digest, c.settled = o, o.Artifact.Digest(), true
	x.open--
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

// fail notes that a cell failed, and skips all that waits for it.
func (x *executor) fail(c *cell, o Outcome) {
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

// skip settles a cell that cannot run because another one failed, and all
// that waits for it.
func (x *executor) skip(c *cell, cause *Node) {
	c.outcome, c.settled = Outcome{Node: c.Node, Key: c.key, Status: WasSkipped, Cause: cause}, true
	x.open--
	x.opts.OnEvent(CellSkipped{Node: c.Node, Cause: cause})
	x.skipWaiters(c, cause)
}

func (x *executor) skipWaiters(c *cell, cause *Node) {
	waiters := c.waiters
	c.waiters = nil
	for _, w := range waiters {
		if !w.settled {
			x.skip(w, cause)
		}
	}
}

// remake lets c wait until the cells whose artifacts it found damaged have
// been made again.
func (x *executor) remake(c *cell, damaged map[*Node]*store.DamagedError) {
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
			from.settled, from.outcome = false, Outcome{Node: from.Node}
			from.reason = "its output " + err.Error()
			x.open++
			x.ready.add(from)
		}
	}
}
