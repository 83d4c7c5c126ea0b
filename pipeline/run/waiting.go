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
			// An error shows when the cell is tried again.
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

// watch tells the loop, once, when the other run has ended and something keeps its
// lease still; it returns when that is told, or when done.
func (x *loop) watch(c *step, key digest.Key, done <-chan struct{}) {
	// The process of a cell outlives a run that was killed by two seconds.
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

// orphan looks whether the lease of a key has outlived who took it. What keeps that
// from being known shows when the key is acquired.
func (x *loop) orphan(key digest.Key) *store.Orphan {
	holder, err := x.store().Holder(x.ctx, key)
	if err != nil || holder == nil {
		return nil
	}
	return holder.Orphan
}

// orphaned: the other run has ended, and has left something that holds its lease.
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
