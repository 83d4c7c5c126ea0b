package run

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
)

// held: another run is making the cell.
type held struct{ cell *step }

func (m held) handle(x *loop) {
	x.free(m.cell)
	orphan := x.orphan(m.cell.key)
	x.opts.OnEvent(CellWaiting{Node: m.cell.Node, Key: m.cell.key, Orphan: orphan})
	x.wait(&awaited{cell: m.cell, told: orphan != nil, held: true})
}

// leave hands a ready cell to other workers. Until the poller has looked, one of them may be making
// it.
func (x *loop) leave(c *step) { x.wait(&awaited{cell: c, held: true, left: true}) }

// wait lets the poller watch a cell that others make.
func (x *loop) wait(a *awaited) {
	a.key, a.since = a.cell.key, time.Now()
	x.waiting[a.cell] = a.held
	if x.poller == nil {
		x.poller = &poller{loop: x, news: make(chan struct{}, 1)}
		go x.poller.run()
	}
	x.poller.add(a)
}

// waits reports whether the loop has to wait for cells of others, although nothing runs here.
func (x *loop) waits() bool {
	if len(x.waiting) == 0 || x.ctx.Err() != nil {
		return false
	}
	if w := x.opts.Worker; w != nil && w.Wait {
		return true
	}
	for _, held := range x.waiting {
		if held {
			return true
		}
	}
	return false
}

// An awaited cell is made by others.
type awaited struct {
	cell *step
	key  digest.Key
	held bool // by another run, when it was looked at last
	left bool // it is not made here in any case
	told bool // that the lease has outlived its owner

	since   time.Time
	next    time.Time // when it is looked at
	orphans time.Time // when its owner is looked at
	backoff Backoff
}

// A poller looks at all cells that others make, one after the other, in one goroutine. It looks
// less and less often, and never at more than some cells a second, because the cache may be on a
// file server that many workers share.
type poller struct {
	*loop // of which it uses only what does not change
	list  []*awaited

	mu       sync.Mutex
	arrivals []*awaited
	news     chan struct{} // there are arrivals
}

// add is called by the loop. It does not wait for the poller, which may be waiting for the loop.
func (p *poller) add(a *awaited) {
	p.mu.Lock()
	p.arrivals = append(p.arrivals, a)
	p.mu.Unlock()
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// welcome moves the arrivals to the list.
func (p *poller) welcome() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.arrivals {
		a.next, a.orphans = a.since.Add(a.backoff.First()), a.since.Add(orphansEvery)
	}
	p.list = append(p.list, p.arrivals...)
	p.arrivals = nil
}

// orphansEvery is the time between looks at the owner of a lease. The process of a cell may outlive a
// killed run by two seconds.
const orphansEvery = 3 * time.Second

// run ends with the loop.
func (p *poller) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-p.news:
			p.welcome()
		case <-timer.C:
		}
		if len(p.list) == 0 {
			continue
		}
		// One cell at a time, so that new ones do not wait.
		first := slices.MinFunc(p.list, func(a, b *awaited) int { return a.next.Compare(b.next) })
		if wait := time.Until(first.next); wait > 0 {
			timer.Reset(wait)
			continue
		}
		if m := p.look(first); m != nil {
			p.send(m)
		}
		timer.Reset(0)
	}
}

// send gives a message to the loop, unless it has ended.
func (p *poller) send(m message) {
	select {
	case p.messages <- m:
	case <-p.ended:
	}
}

// look looks at a cell. It returns a message if there is something new.
func (p *poller) look(a *awaited) message {
	if a.left {
		return p.lookAtLeft(a)
	}
	// The next try of the cell reports an error.
	if lease, err := p.store().Acquire(p.ctx, a.key); err == nil {
		lease.Release()
		return p.done(a, unlocked{a.cell})
	} else if !errors.Is(err, store.ErrHeld) {
		return p.done(a, unlocked{a.cell})
	}
	p.later(a)
	if now := time.Now(); !a.told && now.After(a.orphans) {
		a.orphans = now.Add(orphansEvery)
		if orphan := p.orphan(a.key); orphan != nil {
			a.told = true
			return orphaned{a.cell, orphan}
		}
	}
	return nil
}

// lookAtLeft looks for the result of a cell, and for its failure.
func (p *poller) lookAtLeft(a *awaited) message {
	r, _, err := p.store().Lookup(p.ctx, a.key)
	switch {
	case err != nil && p.ctx.Err() == nil:
		return p.done(a, leftOver{cell: a.cell, err: err})
	case r != nil:
		return p.done(a, leftOver{cell: a.cell, record: r})
	}
	if f, err := p.opts.Worker.failure(a.key); err == nil && f != nil {
		return p.done(a, leftOver{cell: a.cell, err: elsewhere(f), log: f.Log})
	}
	p.later(a)
	holder, err := p.store().Holder(p.ctx, a.key)
	if held := err == nil && holder != nil && holder.Orphan == nil; held != a.held {
		a.held = held
		return taken{a.cell, held}
	}
	return nil
}

// elsewhere is the failure of a cell that another worker tried to make.
func elsewhere(f *store.Failure) error {
	return fmt.Errorf("%s\n  in process %d on %s", f.Reason, f.Owner.PID, f.Owner.Host)
}

// later sets the time of the next look.
func (p *poller) later(a *awaited) {
	w := p.opts.Worker
	a.next = time.Now().Add(a.backoff.Next(time.Since(a.since), len(p.list), w != nil && w.Wait))
}

// done removes a cell from the list.
func (p *poller) done(a *awaited, m message) message {
	p.list = slices.DeleteFunc(p.list, func(other *awaited) bool { return other == a })
	return m
}

// orphan returns the lease of a key if it has outlived its owner. Errors are ignored here: the next
// Acquire reports them.
func (x *loop) orphan(key digest.Key) *store.Orphan {
	holder, err := x.store().Holder(x.ctx, key)
	if err != nil || holder == nil {
		return nil
	}
	return holder.Orphan
}

// orphaned: the other run has ended, but its lease is still held.
type orphaned struct {
	cell   *step
	orphan *store.Orphan
}

func (m orphaned) handle(x *loop) {
	x.opts.OnEvent(CellWaiting{Node: m.cell.Node, Key: m.cell.key, Orphan: m.orphan})
}

// unlocked: the other run has made the cell, or has given up.
type unlocked struct{ cell *step }

func (m unlocked) handle(x *loop) {
	delete(x.waiting, m.cell)
	x.ready.add(m.cell)
}

// taken: whether another worker is making a cell that this one leaves has changed.
type taken struct {
	cell *step
	held bool
}

func (m taken) handle(x *loop) { x.waiting[m.cell] = m.held }

// leftOver: others have made a cell that this worker leaves, or have failed.
type leftOver struct {
	cell   *step
	record *store.Record // nil: they failed
	err    error
	log    string
}

func (m leftOver) handle(x *loop) {
	c := m.cell
	delete(x.waiting, c)
	switch {
	case !x.isCurrent(c):
		x.release(c)
		x.ready.add(c)
	case m.record == nil:
		x.fail(c, Outcome{Err: &pipeline.CellError{Cell: c.Node.ID, Kind: c.Node.Kind.Name, Err: m.err, Log: m.log}})
		x.release(c)
	default:
		took := time.Duration(m.record.WallSeconds * float64(time.Second))
		x.made[c.key] = m.record
		x.settle(c, Outcome{Status: WasMade, Record: m.record, Duration: took})
		x.release(c)
	}
}

// isCurrent reports whether the key of a cell is still that of its inputs.
func (x *loop) isCurrent(c *step) bool {
	for _, from := range c.needs(x) {
		if !from.settled {
			return false
		}
	}
	return x.linesOf(c).Key() == c.key
}
