package run_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// A run that waits for a cell of another run makes the cell when that run is killed.
func TestKilledOwnerHoldsNothing(t *testing.T) {
	b := pipelinetest.New(t)
	release := make(chan struct{})
	p := b.Plan("name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, with: {n: 1}}\n")
	lease, err := b.Store.Acquire(t.Context(), p.Cells[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	b.Running.Workers = 1 // the cell that waits keeps no worker
	b.Running.OnEvent = func(e run.Event) {
		switch e := e.(type) {
		case run.CellWaiting:
			if e.Node.ID != "a" {
				t.Errorf("%s waits", e.Node.ID)
			}
		case run.CellDone:
			if e.Node.ID == "b" {
				close(release)
			}
		}
	}
	go func() {
		<-release
		lease.Release()
	}()
	pipelinetest.Within(t, 10*time.Second, func() {
		if r, err := b.RunPlan(t.Context(), p); err != nil || r.Made != 2 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

func TestWaitingRunCanBeCancelled(t *testing.T) {
	b := pipelinetest.New(t)
	p := b.Plan(pipelinetest.One)
	lease, err := b.Store.Acquire(t.Context(), p.Cells[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Release()
	ctx, cancel := context.WithCancel(t.Context())
	b.Running.OnEvent = func(e run.Event) {
		if _, ok := e.(run.CellWaiting); ok {
			cancel()
		}
	}
	pipelinetest.Within(t, 5*time.Second, func() {
		if _, err := b.RunPlan(ctx, p); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
