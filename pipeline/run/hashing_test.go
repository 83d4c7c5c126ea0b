package run_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// A slowStore needs forever to compare an object with its digest.
type slowStore struct {
	*pipelinetest.Store
	slow   atomic.Bool
	begins func()
}

func (s *slowStore) Fetch(ctx context.Context, f digest.File) (string, error) {
	if s.slow.Load() {
		s.begins()
		<-ctx.Done()
		return "", ctx.Err()
	}
	return s.Store.Fetch(ctx, f)
}

// A cancelled run does not wait until large files have been read.
func TestCancelledRunStopsReadingObjects(t *testing.T) {
	tests := map[string]struct {
		deliver string // a hit whose output is checked
		during  string // the cell that opens its input
	}{
		"of a hit":        {deliver: "d"},
		"of an early hit": {deliver: "a"},
		"of an input":     {during: "b"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			b := pipelinetest.New(t)
			s := &slowStore{Store: pipelinetest.NewStore(t)}
			b.Open = func() store.Store { return s }
			if c.deliver != "" {
				b.MustRun(pipelinetest.Chain)
				s.slow.Store(true)
				b.Running.Deliver = func(n *graph.Node) bool { return n.ID == c.deliver }
			}
			b.During = func(_ context.Context, cell *pipeline.Cell) error {
				if cell.ID == c.during {
					s.slow.Store(true)
				}
				return nil
			}
			p := b.Plan(pipelinetest.Chain)
			ctx, cancel := context.WithCancel(t.Context())
			s.begins = cancel
			pipelinetest.Within(t, 20*time.Second, func() {
				r, err := b.RunPlan(ctx, p)
				if !errors.Is(err, context.Canceled) || r.Failed > 0 || r.Stopped == 0 {
					t.Errorf("%v, %+v", err, r)
				}
			})
		})
	}
}

// The same holds for the check of the inputs after the end of a task.
func TestCancelledTaskStopsCheckingItsInputs(t *testing.T) {
	b := pipelinetest.New(t)
	s := &slowStore{Store: pipelinetest.NewStore(t)}
	b.Open = func() store.Store { return s }
	_, r := b.MustRun(pipelinetest.Chain)
	for _, id := range []string{"a", "d"} {
		s.slow.Store(false)
		ctx, cancel := context.WithCancel(t.Context())
		s.begins = cancel
		in := run.NewInputs(s)
		if _, err := in.Open(ctx, r.Of(id).Artifact.Files[0]); err != nil {
			t.Fatal(err)
		}
		s.slow.Store(true)
		pipelinetest.Within(t, 20*time.Second, func() {
			if err := in.Ended(ctx, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v", id, err)
			}
		})
	}
}

// A cell finds its input damaged, and its time is over. The input is made again, and the cell has
// another try.
func TestTimeoutDoesNotHideADamagedInput(t *testing.T) {
	for _, reader := range []string{"b", "c"} {
		b, s := newMemoryBench(t)
		b.Running.Executor = nil
		const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}, timeout: LIMIT}\n  c: {uses: test/text, needs: {a: b}, timeout: LIMIT}\n"
		_, first := b.MustRun(strings.Replace(src, "LIMIT", "1h", 2))
		needed := map[string]string{"b": "a", "c": "b"}[reader]
		bad := first.Of(needed).Artifact.Files[0].Digest
		var once atomic.Bool
		s.Damaged = func(f digest.File) string {
			if f.Digest == bad && once.CompareAndSwap(false, true) {
				return "has a hole"
			}
			return ""
		}
		b.During = func(ctx context.Context, c *pipeline.Cell) error {
			if c.ID != reader {
				return nil
			}
			_, err := inputOf(c)
			if err != nil {
				<-ctx.Done()
			}
			return err
		}
		changed := strings.Replace(src, reader+": {", reader+": {with: {n: 7}, ", 1)
		_, r := b.MustRun(strings.Replace(changed, "LIMIT", "500ms", 2))
		if got := pipelinetest.Digests(r)[needed]; got != pipelinetest.Digests(first)[needed] {
			t.Errorf("%s is %s", needed, got.Short())
		}
	}
}
