package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// A crew is workers in this process, each with a store of its own on the same folder.
type crew struct {
	*pipelinetest.Bench
	t *testing.T
}

func newCrew(t *testing.T) *crew { return &crew{pipelinetest.New(t), t} }

// worker plans a spec and returns the options of a worker.
func (c *crew) worker(src, name, group string) (*plan.Plan, run.Options) {
	p := c.Plan(src)
	cache := c.Store.(*disk.Cache)
	cache.SetGroup(group)
	o := c.Options()
	o.Worker = &run.Worker{Name: name, Group: group, Failures: cache}
	return p, o
}

func (c *crew) work(src, name, group string) (*run.Result, error) {
	p, o := c.worker(src, name, group)
	return run.Run(c.t.Context(), p, o)
}

func TestWorkersShareTheCells(t *testing.T) {
	c := newCrew(t)
	const workers, cells = 4, 40
	src := pipelinetest.Many(cells)
	var all sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range workers {
		p, o := c.worker(src, fmt.Sprint("worker ", i), "")
		all.Go(func() {
			r, err := run.Run(t.Context(), p, o)
			if err != nil || r.Hits+r.Made != cells {
				t.Errorf("worker %d: %v, %+v", i, err, r)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made += r.Made
		})
	}
	all.Wait()
	if ran := c.Runs(); made != cells || len(ran) != cells {
		t.Errorf("%d cells were made in %d runs, want %d", made, len(ran), cells)
	}
}

// Workers begin at different places of the list of ready cells.
func TestWorkersHaveOrdersOfTheirOwn(t *testing.T) {
	firsts := map[string]bool{}
	for i := range 5 {
		c := newCrew(t)
		ctx, cancel := context.WithCancel(t.Context())
		c.During = func(context.Context, *pipeline.Cell) error { cancel(); return ctx.Err() }
		c.Running.Workers = 1
		p, o := c.worker(pipelinetest.Many(100), fmt.Sprint("node", i), "")
		if _, err := run.Run(ctx, p, o); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		firsts[c.Runs()[0]] = true
	}
	if len(firsts) < 3 {
		t.Errorf("5 workers start with %v", firsts)
	}
}

type costs map[string]time.Duration

func (c costs) Cost(p *plan.Cell) plan.Cost {
	wall, ok := c[p.Node.ID]
	return plan.Cost{Known: ok, Wall: wall}
}

// The cells that the longest chains depend on come first, whatever the name of the worker.
func TestLongestChainsComeFirst(t *testing.T) {
	const src = `name: x
stages:
  short: {uses: test/text, matrix: {i: [1, 2, 3]}, with: {n: "${matrix.i}"}}
  start: {uses: test/text, with: {n: 10}}
  long:  {uses: test/text, needs: {a: start}, with: {n: 11}}
  mid:   {uses: test/text, with: {n: 12}}
`
	for i := range 5 {
		c := newCrew(t)
		c.Running.Workers = 1
		p, o := c.worker(src, fmt.Sprint("node", i), "")
		o.Worker.Costs = costs{"long": time.Hour, "mid": 10 * time.Minute}
		if _, err := run.Run(t.Context(), p, o); err != nil {
			t.Fatal(err)
		}
		if ran := c.Runs(); !slices.Equal(ran[:3], []string{"start", "long", "mid"}) {
			t.Errorf("ran %v", ran)
		}
	}
}

// A worker leaves what is too large for it. It takes what depends on that if another worker made it.
func TestWorkersLeaveWhatIsTooLarge(t *testing.T) {
	const src = `name: x
stages:
  a: {uses: test/text}
  b: {uses: test/text, needs: {a: a}, gpus: 1}
  c: {uses: test/text, needs: {a: b}}
  d: {uses: test/text, with: {n: 1}, cores: 8}
`
	c := newCrew(t)
	c.Limits = pipeline.Limits{Cores: 2}
	r, err := c.work(src, "small", "")
	if !errors.Is(err, run.ErrLeft) || r.Made != 1 || r.Stopped != 3 {
		t.Errorf("%v, %+v", err, r)
	}
	c.Limits = pipeline.Limits{Cores: 2, GPUs: 1}
	r, err = c.work(src, "gpu", "")
	if !errors.Is(err, run.ErrLeft) || r.Made != 2 || r.Of("d").Status != run.WasStopped {
		t.Errorf("%v, %+v", err, r)
	}
	c.Limits = pipeline.Limits{Cores: 8}
	if r, err = c.work(src, "large", ""); err != nil || r.Made != 1 || r.Hits != 3 {
		t.Errorf("%v, %+v", err, r)
	}
}

// A worker waits for a cell that it leaves while another worker makes it, and then goes on.
func TestWorkerGoesOnAfterACellThatItLeft(t *testing.T) {
	const src = `name: x
stages:
  big: {uses: test/text, gpus: 1}
  after: {uses: test/text, needs: {a: big}}
`
	c := newCrew(t)
	c.Limits = pipeline.Limits{Cores: 1, GPUs: 1}
	began, release := make(chan struct{}), make(chan struct{})
	c.During = func(_ context.Context, cell *pipeline.Cell) error {
		if cell.ID == "big" {
			close(began)
			<-release
		}
		return nil
	}
	large, largeOptions := c.worker(src, "large", "")
	largeOptions.Worker.Leave = func(n *graph.Node) bool { return n.ID == "after" }
	c.Limits = pipeline.Limits{Cores: 1}
	small, smallOptions := c.worker(src, "small", "")
	done := make(chan error, 1)
	go func() {
		_, err := run.Run(t.Context(), large, largeOptions)
		done <- err
	}()
	<-began
	smallOptions.OnEvent = func(e run.Event) {
		if _, ok := e.(run.RunStarted); ok {
			time.AfterFunc(50*time.Millisecond, func() { close(release) }) // it works for any time
		}
	}
	pipelinetest.Within(t, time.Minute, func() {
		r, err := run.Run(t.Context(), small, smallOptions)
		if err != nil || r.Of("after").Status != run.WasMade {
			t.Errorf("%v, %+v", err, r)
		}
	})
	if err := <-done; err != nil && !errors.Is(err, run.ErrLeft) {
		t.Error(err)
	}
}

// Wait is for a run that shows what workers do: it ends when they have made or failed all cells.
func TestRunThatLeavesAllCells(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n"
	for name, fails := range map[string]bool{"made": false, "failed": true} {
		t.Run(name, func(t *testing.T) {
			c := newCrew(t)
			if fails {
				c.During = func(context.Context, *pipeline.Cell) error { return errors.New("no luck") }
			}
			p, o := c.worker(src, "display", "")
			o.Worker.Leave, o.Worker.Wait = func(*graph.Node) bool { return true }, true
			o.OnEvent = func(e run.Event) {
				if _, ok := e.(run.RunStarted); ok {
					go c.work(src, "worker", "")
				}
			}
			pipelinetest.Within(t, time.Minute, func() {
				r, err := run.Run(t.Context(), p, o)
				var failed *run.FailedError
				switch {
				case !fails && (err != nil || r.Made != 2):
					t.Errorf("%v, %+v", err, r)
				case fails && (!errors.As(err, &failed) || r.Failed != 1 || r.Skipped != 1 || !strings.Contains(err.Error(), "no luck\n")):
					t.Errorf("%v, %+v", err, r)
				}
			})
		})
	}
}

// A failure counts for the workers that ran at that time, and for its group. Later workers try again.
func TestFailuresAreShared(t *testing.T) {
	for name, test := range map[string]struct {
		group, then string
		again       bool
	}{
		"same group":      {"g", "g", false},
		"another group":   {"g", "h", true},
		"no group":        {"", "", true},
		"then no group":   {"g", "", true},
		"then with group": {"", "g", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrew(t)
			c.During = func(context.Context, *pipeline.Cell) error { return errors.New("no luck") }
			early, earlyOptions := c.worker(pipelinetest.One, "early", "other")
			if _, err := c.work(pipelinetest.One, "first", test.group); err == nil {
				t.Fatal("it did not fail")
			}
			ran := len(c.Took())
			_, err := c.work(pipelinetest.One, "second", test.then)
			if again := len(c.Took()) > 0; ran != 1 || err == nil || again != test.again {
				t.Errorf("%v; tried again: %v", err, again)
			}
			// It would have started before the failures.
			earlyOptions.Worker.Failures = sinceBefore{earlyOptions.Worker.Failures}
			if _, err := run.Run(t.Context(), early, earlyOptions); err == nil || !strings.Contains(err.Error(), "no luck\n    in process ") || len(c.Took()) > 0 {
				t.Errorf("a worker that ran at that time: %v", err)
			}
		})
	}
}

// sinceBefore is a store that had no failures when the worker started.
type sinceBefore struct{ store.Failures }

func (sinceBefore) AllFailures() (map[digest.Key]*store.Failure, error) { return nil, nil }

// After three attempts of a group that got nowhere, a cell fails.
func TestAttemptsWithoutProgress(t *testing.T) {
	c := newCrew(t)
	try := func(group string, during func(context.Context, *pipeline.Cell) error) error {
		ctx, cancel := context.WithCancel(t.Context())
		c.During = func(_ context.Context, cell *pipeline.Cell) error {
			defer cancel()
			if during != nil {
				return during(ctx, cell)
			}
			return nil
		}
		p, o := c.worker(pipelinetest.One, "worker", group)
		_, err := run.Run(ctx, p, o)
		return err
	}
	ends := func(context.Context, *pipeline.Cell) error { return errors.New("killed") }
	for range 3 {
		if err := try("g", ends); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	var stalled *run.StalledError
	if err := try("g", ends); !errors.As(err, &stalled) || stalled.Attempts != 3 {
		t.Errorf("the fourth attempt: %v", err)
	}
	if err := try("h", ends); !errors.Is(err, context.Canceled) {
		t.Errorf("another group: %v", err)
	}
	if err := try("h", nil); err != nil {
		t.Errorf("it can be made: %v", err)
	}
}

// A failure that the end of the run follows is an interruption.
func TestFailureAtTheEndOfTheRun(t *testing.T) {
	c := newCrew(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.During = func(context.Context, *pipeline.Cell) error {
		time.AfterFunc(20*time.Millisecond, cancel)
		return errors.New("killed by signal 15")
	}
	p, o := c.worker(pipelinetest.One, "worker", "")
	o.Worker.Settle = time.Minute
	r, err := run.Run(ctx, p, o)
	if !errors.Is(err, context.Canceled) || r.Failed > 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if f, err := o.Worker.Failures.Failure(p.Cells[0].Key); f != nil || err != nil {
		t.Errorf("%+v, %v", f, err)
	}
}

// An attempt that the end of the worker's time interrupts counts only if it began early: the cells of
// a worker that are longer than what is left of its time are healthy.
func TestAttemptsAtTheEndOfAWorkerDoNotCount(t *testing.T) {
	c := newCrew(t)
	try := func(age time.Duration) error {
		ctx, cancel := context.WithCancel(t.Context())
		c.During = func(context.Context, *pipeline.Cell) error {
			cancel()
			return errors.New("stopped")
		}
		p, o := c.worker(pipelinetest.One, "worker", "g")
		o.Worker.StartedAt(time.Now().Add(-age))
		_, err := run.Run(ctx, p, o)
		return err
	}
	for i, age := range []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour, 0, time.Hour, 0, time.Hour, 0, 0} {
		err := try(age)
		if last := i == 9; last != errors.As(err, new(*run.StalledError)) {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	for _, test := range []struct {
		began, all time.Duration
		want       bool
	}{
		{0, 0, true}, {time.Second, time.Second, true}, {6 * time.Minute, time.Hour, true}, {7 * time.Minute, time.Hour, false},
	} {
		if got := run.IsEarly(test.began, test.all); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// A worker does not start a cell that another worker will have the time for.
func TestCellsThatAreTooLongForTheRestAreLeft(t *testing.T) {
	const src = "name: x\nstages:\n  short: {uses: test/text}\n  long: {uses: test/text, with: {n: 1}}\n  endless: {uses: test/text, with: {n: 2}}\n"
	c := newCrew(t)
	work := func(age time.Duration) (*run.Result, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		p, o := c.worker(src, "worker", "g")
		o.Worker.StartedAt(time.Now().Add(-age))
		o.Worker.Costs = costs{"short": time.Second, "long": 2 * time.Hour, "endless": 100 * time.Hour}
		return run.Run(ctx, p, o)
	}
	r, err := work(9 * time.Hour) // of 10
	if !errors.Is(err, run.ErrTooShort) || r.Made != 2 || !r.Remains || r.Of("long").Status != run.WasStopped {
		t.Errorf("%v, %+v", err, r)
	}
	if r, err := work(0); err != nil || r.Made != 1 || r.Remains { // all its time is too short for the cell
		t.Errorf("%v, %+v", err, r)
	}
}

// A worker that only waits for others ends after some time, and is not needed again.
func TestIdleWorkersEnd(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n"
	c := newCrew(t)
	began, release := make(chan struct{}), make(chan struct{})
	c.During = func(_ context.Context, cell *pipeline.Cell) error {
		if cell.ID == "a" {
			close(began)
			<-release
		}
		return nil
	}
	busy, busyOptions := c.worker(src, "busy", "")
	busyOptions.Worker.Idle = time.Millisecond // which does not count for a worker that makes a cell
	idle, idleOptions := c.worker(src, "idle", "")
	idleOptions.Worker.Idle = 50 * time.Millisecond
	done := make(chan error, 1)
	go func() {
		_, err := run.Run(t.Context(), busy, busyOptions)
		done <- err
	}()
	<-began
	pipelinetest.Within(t, time.Minute, func() {
		if r, err := run.Run(t.Context(), idle, idleOptions); !errors.Is(err, run.ErrIdle) || r.Stopped != 2 || r.Remains {
			t.Errorf("%v, %+v", err, r)
		}
	})
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A worker whose time is over is needed again if it would have made some of the cells that are left.
func TestWhatRemainsOfAWorker(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n"
	for name, stopped := range map[string]bool{"a cell was stopped": true, "between two cells": false} {
		c := newCrew(t)
		c.Running.Workers = 1
		ctx, cancel := context.WithCancel(t.Context())
		c.During = func(context.Context, *pipeline.Cell) error {
			cancel()
			if stopped {
				return ctx.Err()
			}
			return nil
		}
		p, o := c.worker(src, "worker", "")
		if r, err := run.Run(ctx, p, o); !errors.Is(err, context.Canceled) || !r.Remains {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
}
