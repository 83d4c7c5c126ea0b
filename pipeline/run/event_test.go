package run_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// The events of a cell have its key.
func TestEventsHaveTheKeyOfTheirCell(t *testing.T) {
	b := pipelinetest.New(t)
	shown := make(chan struct{})
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		c.Note("half of it is missing")
		c.Progress(pipeline.Progress{Done: 1})
		<-shown
		return errors.New("no luck")
	}
	p := b.Plan("name: x\nstages:\n  a: {uses: test/text, retries: 1}\n")
	seen := map[string]bool{}
	once := sync.OnceFunc(func() { close(shown) })
	b.Running.OnEvent = func(e run.Event) {
		v := reflect.ValueOf(e)
		if key := v.FieldByName("Key"); key.IsValid() {
			seen[v.Type().Name()] = true
			if key.Interface() != p.Cells[0].Key {
				t.Errorf("%s has the key %v", v.Type().Name(), key)
			}
		}
		if _, ok := e.(run.CellProgress); ok {
			once()
		}
	}
	pipelinetest.Within(t, time.Minute, func() { b.RunPlan(t.Context(), p) })
	for _, name := range []string{"CellStarted", "CellNote", "CellProgress", "CellRetried", "CellFailed"} {
		if !seen[name] {
			t.Errorf("there was no %s", name)
		}
	}
}

// So do those of a cell whose output is damaged.
func TestEventsOfDamageHaveTheKeyOfTheirCell(t *testing.T) {
	b, s := newMemoryBench(t)
	_, first := b.MustRun(pipelinetest.Chain)
	bad := first.Of("b").Artifact.Files[0].Digest
	var once atomic.Bool
	s.Damaged = func(f digest.File) string {
		if f.Digest == bad && once.CompareAndSwap(false, true) {
			return "has a hole"
		}
		return ""
	}
	again := map[string]digest.Key{}
	b.Running.OnEvent = func(e run.Event) {
		if a, ok := e.(run.CellAgain); ok {
			again[a.Node.ID] = a.Key
		}
	}
	b.MustRun(strings.Replace(pipelinetest.Chain, "n: 0", "n: 10", 1))
	if len(again) != 2 || again["b"] != first.Of("b").Key || again["c"].IsZero() {
		t.Errorf("ran again: %v", again)
	}
}
