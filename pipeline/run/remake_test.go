package run_test

import (
	"context"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
)

// One of many cells finds a common input damaged. The others, which are queued already, wait until
// it has been made again.
func TestQueuedCellsWaitForADamagedInput(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.Workers = 2
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	pipelinetest.Flip(t, b.ObjectPath(r, "a"))
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if c.ID == "a" {
			time.Sleep(100 * time.Millisecond)
		}
		return nil
	}
	b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n  c: {uses: test/text, needs: {a: a}, matrix: {i: [1, 2, 3, 4]}, with: {n: \"${matrix.i}\"}}\n")
}

// Two cells do the same work. The second one waits for the first one, which finds its input damaged.
func TestEqualWorkWaitsForADamagedInput(t *testing.T) {
	for range 10 {
		b := pipelinetest.New(t)
		_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
		pipelinetest.Flip(t, b.ObjectPath(r, "a"))
		b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n  b1: {uses: test/text, needs: {a: a}, with: {n: 3}}\n  b2: {uses: test/text, needs: {a: a}, with: {n: 3}}\n")
	}
}

func TestDeliveredHitAsksForNothing(t *testing.T) {
	b := pipelinetest.New(t)
	const src = "name: x\nstages:\n  a: {uses: test/text, cores: 8}\n"
	b.WantRan(src, "a")
	b.Limits.Cores = 1
	b.Running.Deliver = func(*graph.Node) bool { return true }
	b.WantRan(src)
}
