package pipeline

import (
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// locked: another run is making the cell.
type locked struct{ cell *cell }

func (m locked) handle(x *executor) {
	x.free(m.cell)
	x.waiting++
	orphan := x.orphan(m.cell.key)
	x.opts.OnEvent(CellWaiting{Node: m.cell.Node, Key: m.cell.key, Orphan: orphan})
	key := m.cell.key
	go func() {
		unlock := make(chan struct{})
		go func() {
			defer close(unlock)
			if lock, err := x.opts.Cache.Lock(x.ctx, key); err == nil {
				lock.Unlock()
			}
		}()
		if orphan == nil {
			x.watch(m.cell, key, unlock)
		}
		<-unlock
		x.messages <- unlocked(m)
	}()
}

// watch tells the loop, once, when the other run has ended and something keeps its
// lock still; it returns when that is told, or when done.
func (x *executor) watch(c *cell, key digest.Key, done <-chan struct{}) {
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

// orphan looks whether the lock of a key has outlived who took it. What keeps that
// from being known shows when the key is locked.
func (x *executor) orphan(key digest.Key) *store.Orphan {
	state, err := x.opts.Cache.WorkState(key)
	if err != nil || state == nil {
		return nil
	}
	return state.Orphan
}

// orphaned: the other run has ended, and has left something that holds its lock.
type orphaned struct {
	cell   *cell
	orphan *store.Orphan
}

func (m orphaned) handle(x *executor) {
	x.opts.OnEvent(CellWaiting{Node: m.cell.Node, Key: m.cell.key, Orphan: m.orphan})
}

// unlocked: the other run has made the cell, or has given up.
type unlocked struct{ cell *cell }

func (m unlocked) handle(x *executor) {
	x.waiting--
	x.ready.add(m.cell)
}
