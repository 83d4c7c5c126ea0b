package run

import (
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// held: another run is making the cell.
type held struct{ cell *step }

func (m held) handle(x *loop) {
	x.free(m.cell)
	x.waiting++
	orphan := x.orphan(m.cell.key)
	x.opts.OnEvent(CellWaiting{Node: m.cell.Node, Key: m.cell.key, Orphan: orphan})
	key := m.cell.key
	go func() {
		free := make(chan struct{})
		go func() {
			defer close(free)
			// The next try of the cell reports an error.
			if lease, err := store.Wait(x.ctx, x.store(), key); err == nil {
				lease.Release()
			}
		}()
		if orphan == nil {
			x.watch(m.cell, key, free)
		}
		<-free
		x.messages <- unlocked(m)
	}()
}

// watch sends one message to the loop if the other run has ended and something still holds its
// lease. It returns after this message, or when done is closed.
func (x *loop) watch(c *step, key digest.Key, done <-chan struct{}) {
	// The process of a cell may outlive a killed run by two seconds.
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if orphan := x.orphan(key); orphan != nil {
				x.messages <- orphaned{c, orphan}
				return
			}
		}
	}
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
	x.waiting--
	x.ready.add(m.cell)
}
