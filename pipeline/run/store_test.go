package run_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// newMemoryBench returns a bench with a store in memory and an executor that serializes every task.
func newMemoryBench(t *testing.T) (*pipelinetest.Bench, *pipelinetest.Store) {
	b, s := pipelinetest.New(t), pipelinetest.NewStore(t)
	s.Use(b)
	b.NewExecutor()
	return b, s
}

// The loop does not depend on disk and processes: another store and executor give the same results.
func TestAnyStoreAndExecutorComeToTheSame(t *testing.T) {
	_, want := pipelinetest.New(t).MustRun(pipelinetest.Paper)
	b, s := newMemoryBench(t)
	got := b.WantRan(pipelinetest.Paper, pipelinetest.IDs(b.Graph(pipelinetest.Paper).Nodes)...)
	if !maps.Equal(pipelinetest.Digests(got), pipelinetest.Digests(want)) {
		t.Errorf("got %v, want %v", pipelinetest.Digests(got), pipelinetest.Digests(want))
	}
	b.WantRan(pipelinetest.Paper)
	if n := s.Leases(); n > 0 {
		t.Errorf("%d leases are held after the run", n)
	}
	n := 0
	for r, err := range s.Records(t.Context()) {
		if err != nil || r.KeyText.Key() != r.Key || r.Kind == "" {
			t.Errorf("%v, %+v", err, r)
		}
		n++
	}
	if n != len(got.Outcomes) {
		t.Errorf("%d records of %d cells", n, len(got.Outcomes))
	}
}

// Another run holds the lease for a while. The cell waits without occupying a worker. Then it is
// made, or it is a hit if the other run has made it.
func TestHeldCellIsTakenUpWhenItsLeaseIsFree(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n  c: {uses: test/text, with: {n: 1}}\n"
	for _, status := range []run.Status{run.WasMade, run.WasHit} {
		b, s := newMemoryBench(t)
		b.Running.Workers = 1
		p := b.Plan(src)
		key := p.Cells[0].Key
		var other atomic.Bool // the other run is at it
		other.Store(true)
		s.Held = func(k digest.Key) bool { return k == key && other.Load() }
		var waited []string
		b.Running.OnEvent = func(e run.Event) {
			switch e := e.(type) {
			case run.CellWaiting:
				waited = append(waited, e.Node.ID)
			case run.CellDone:
				if e.Node.ID != "c" {
					return
				}
				if status == run.WasHit {
					if err := s.Put(t.Context(), &store.Record{KeyText: p.Lines(p.Cells[0]).Text(), Kind: "test/text", Version: 1}, "made elsewhere"); err != nil {
						t.Error(err)
					}
				}
				other.Store(false)
			}
		}
		pipelinetest.Within(t, 10*time.Second, func() {
			r, err := b.RunPlan(t.Context(), p)
			if err != nil || r.Of("a").Status != status || r.Of("b").Status != run.WasMade {
				t.Errorf("%s: %v, %+v", status, err, r)
			}
		})
		if !slices.Equal(waited, []string{"a"}) {
			t.Errorf("%s: waited for %s", status, waited)
		}
	}
}

// A run reports once that a lease is held although its owner has ended.
func TestOrphanIsTold(t *testing.T) {
	b, s := newMemoryBench(t)
	var other atomic.Bool
	other.Store(true)
	s.Held = func(digest.Key) bool { return other.Load() }
	s.Holders = func(digest.Key) *store.Orphan { return &store.Orphan{Owner: &store.Owner{PID: 7}, Path: "lock"} }
	var told []string
	b.Running.OnEvent = func(e run.Event) {
		if w, ok := e.(run.CellWaiting); ok {
			told = append(told, w.Orphan.String())
			other.Store(false)
		}
	}
	pipelinetest.Within(t, 10*time.Second, func() { b.WantRan(pipelinetest.One, "a") })
	if want := []string{"process 7 has ended, but something it started still holds lock"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// If Fetch finds a damaged object, the cell that made it runs again within the same run.
func TestDamageThatFetchReportsIsMadeAgain(t *testing.T) {
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
	var reasons []string
	b.Running.OnEvent = func(e run.Event) {
		if c, ok := e.(run.CellStarted); ok {
			reasons = append(reasons, c.Node.ID+": "+c.Reason)
		}
	}
	changed := strings.Replace(pipelinetest.Chain, "n: 0", "n: 10", 1)
	ran, r := b.MustRun(changed)
	if strings.Join(ran, " ") != "b c" || pipelinetest.Digests(r)["b"] != pipelinetest.Digests(first)["b"] {
		t.Errorf("ran %s", ran)
	}
	want := fmt.Sprintf("b: its output text (object %s) has a hole", bad.Short())
	if !slices.Contains(reasons, want) {
		t.Errorf("reasons %q, want %q", reasons, want)
	}
}

// An input that is damaged repeatedly is not made again forever.
func TestInputThatStaysDamagedFailsItsReader(t *testing.T) {
	b, s := newMemoryBench(t)
	_, first := b.MustRun(pipelinetest.Chain)
	bad := first.Of("b").Artifact.Files[0].Digest
	s.Damaged = func(f digest.File) string {
		if f.Digest == bad {
			return "has a hole"
		}
		return ""
	}
	pipelinetest.Within(t, 10*time.Second, func() {
		r, err := b.Run(strings.Replace(pipelinetest.Chain, "n: 0", "n: 10", 1))
		var damaged *store.DamagedError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "c: test/text: input b was made again 3 times and is still damaged") {
			t.Errorf("got %v", err)
		}
		if r.Failed != 1 || r.Of("c").Status != run.WasFailed || r.Stopped != 0 {
			t.Errorf("%+v", r)
		}
	})
	if n := s.Leases(); n > 0 {
		t.Errorf("%d leases are held after the run", n)
	}
}

// A cell that cannot be published has failed: its dependents are skipped, the error is shown, and
// the next run makes it.
func TestCellThatCannotBePublishedHasFailed(t *testing.T) {
	b, s := newMemoryBench(t)
	full := &fs.PathError{Op: "write", Path: "object", Err: syscall.ENOSPC}
	s.Publish = func(_ context.Context, r *store.Record) error {
		if r.Cell == "b" {
			return full
		}
		return nil
	}
	r, err := b.Run(pipelinetest.Chain)
	var cell *pipeline.CellError
	if !errors.As(err, &cell) || cell.Cell != "b" || !errors.Is(err, syscall.ENOSPC) || pipeline.CodeOf(err) != pipeline.DiskFull {
		t.Errorf("got %v", err)
	}
	if r.Made != 1 || r.Failed != 1 || r.Skipped != 2 || !slices.Equal(cell.Skipped, []string{"c", "d"}) {
		t.Errorf("%+v, skipped %s", r, cell.Skipped)
	}
	if noted := s.Failure(r.Of("b").Key); !errors.Is(noted, full) || s.Leases() > 0 {
		t.Errorf("noted %v, %d leases", noted, s.Leases())
	}
	b.Took()
	s.Publish = nil
	b.WantRan(pipelinetest.Chain, "b", "c", "d")
}

// A key that can be neither a hit nor made again stops a plan, and fails the cell of a run.
func TestKeyThatCannotBeLookedUpIsAnError(t *testing.T) {
	b, s := newMemoryBench(t)
	p := b.Plan(pipelinetest.Chain)
	bad := errors.New("is of another time")
	s.Lookups = func(k digest.Key) error {
		if k == p.Cells[0].Key {
			return bad
		}
		return nil
	}
	r, err := b.RunPlan(t.Context(), p)
	if !errors.Is(err, bad) || !strings.Contains(err.Error(), "a: test/text: is of another time") || r.Failed != 1 || r.Skipped != 3 {
		t.Errorf("%v, %+v", err, r)
	}
	if _, err := b.TryPlan(b.Graph(pipelinetest.Chain)); !errors.Is(err, bad) || !strings.HasPrefix(err.Error(), "a: test/text: ") {
		t.Errorf("planned: %v", err)
	}
}

// Finished work is kept when a run is cancelled, unless publishing it takes too long.
func TestCancelledRunPublishesWhatIsSmall(t *testing.T) {
	for name, c := range map[string]struct {
		publish func(ctx context.Context) error
		made    int
	}{
		"small": {func(ctx context.Context) error { return ctx.Err() }, 1},
		"large": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 0},
	} {
		b, s := newMemoryBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.Publish = func(ctx context.Context, _ *store.Record) error {
			cancel()
			return c.publish(ctx)
		}
		pipelinetest.Within(t, 10*time.Second, func() {
			r, err := b.RunPlan(ctx, b.Plan(pipelinetest.Chain))
			if !errors.Is(err, context.Canceled) || r.Made != c.made || r.Failed != 0 || r.Made+r.Stopped != 4 {
				t.Errorf("%s: %v, %+v", name, err, r)
			}
		})
		if n := s.Leases(); n > 0 {
			t.Errorf("%s: %d leases are held after the run", name, n)
		}
	}
}

// A run that is cancelled while it waits, works or publishes releases every lease.
func TestCancelledRunHoldsNoLease(t *testing.T) {
	b, s := newMemoryBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.During = func(ctx context.Context, c *pipeline.Cell) error {
		if c.ID == "a" {
			return nil
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	pipelinetest.Within(t, 10*time.Second, func() {
		r, err := b.RunPlan(ctx, b.Plan(pipelinetest.Chain))
		if !errors.Is(err, context.Canceled) || r.Made != 1 || r.Stopped != 3 || r.Failed != 0 {
			t.Errorf("%v, %+v", err, r)
		}
	})
	if n := s.Leases(); n > 0 {
		t.Errorf("%d leases are held after the run", n)
	}
}

// A lease is lost while its cell runs, or when the cell has just ended. The cell stops, nothing of
// it is published, and the run waits for the one that may have taken the lease over.
func TestCellStopsWhenItsLeaseIsLost(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text, retries: 3}\n  b: {uses: test/text, needs: {a: a}}\n"
	for name, test := range map[string]struct {
		waits  bool // the cell runs until it is stopped
		taken  bool // another run makes the cell
		status run.Status
	}{
		"while it runs, and nobody takes it over":        {true, false, run.WasMade},
		"while it runs, and another run makes it":        {true, true, run.WasHit},
		"when it has ended, and nobody takes it over":    {false, false, run.WasMade},
		"when it has ended, and another run has made it": {false, true, run.WasHit},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := newMemoryBench(t)
			p := b.Plan(src)
			var runs int
			b.During = func(ctx context.Context, c *pipeline.Cell) error {
				if c.ID != "a" {
					return nil
				}
				if runs++; runs > 1 {
					return nil
				}
				if !s.Lose(p.Cells[0].Key) {
					t.Error("the cell runs without a lease")
				}
				if test.waits {
					<-ctx.Done()
					if cause := context.Cause(ctx); !errors.Is(cause, store.ErrLost) {
						t.Errorf("stopped because of %v", cause)
					}
				}
				if test.taken {
					r := &store.Record{KeyText: p.Lines(p.Cells[0]).Text(), Kind: "test/text", Version: 1}
					if err := s.Put(t.Context(), r, "made elsewhere"); err != nil {
						t.Error(err)
					}
				}
				return ctx.Err()
			}
			var waited []string
			b.Running.OnEvent = func(e run.Event) {
				if w, ok := e.(run.CellWaiting); ok {
					waited = append(waited, w.Node.ID)
				}
			}
			pipelinetest.Within(t, 10*time.Second, func() {
				r, err := b.RunPlan(t.Context(), p)
				if err != nil || r.Of("a").Status != test.status || r.Of("b").Status != run.WasMade {
					t.Errorf("%v, %+v", err, r)
				}
			})
			if want := map[run.Status]int{run.WasMade: 2, run.WasHit: 1}[test.status]; runs != want {
				t.Errorf("ran %d times, want %d", runs, want)
			}
			if !slices.Equal(waited, []string{"a"}) || s.Leases() > 0 {
				t.Errorf("waited for %s; %d leases", waited, s.Leases())
			}
		})
	}
}
