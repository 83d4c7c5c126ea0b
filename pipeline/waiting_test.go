package pipeline

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A run that waits for another one's cell makes it when that one is killed.
func TestKilledOwnerHoldsNothing(t *testing.T) {
	b := newBench(t)
	release := make(chan struct{})
	plan := b.plan("name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, with: {n: 1}}\n")
	lock, err := b.opts.Cache.TryLock(plan.Cells[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	plan.opts.Workers = 1 // the cell that waits keeps no worker
	plan.opts.OnEvent = func(e Event) {
		switch e := e.(type) {
		case CellWaiting:
			if e.Node.ID != "a" {
				t.Errorf("%s waits", e.Node.ID)
			}
		case CellDone:
			if e.Node.ID == "b" {
				close(release)
			}
		}
	}
	go func() {
		<-release
		lock.Unlock()
	}()
	within(t, 10*time.Second, func() {
		if r, err := plan.Execute(t.Context()); err != nil || r.Made != 2 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

func TestWaitingRunCanBeCancelled(t *testing.T) {
	b := newBench(t)
	plan := b.plan("name: x\nstages:\n  a: {uses: test/text}\n")
	lock, err := b.opts.Cache.TryLock(plan.Cells[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	plan.opts.OnEvent = func(e Event) {
		if _, ok := e.(CellWaiting); ok {
			cancel()
		}
	}
	within(t, 5*time.Second, func() {
		if _, err := plan.Execute(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
