package run_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

func TestRetriedCellKeepsItsCheckpoints(t *testing.T) {
	b := pipelinetest.New(t)
	tries := 0
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		tries++
		c.Time("epoch", time.Duration(tries)*time.Second)
		old, _ := os.ReadFile(filepath.Join(c.WorkDir, "epoch"))
		if want := strings.Repeat("x", tries-1); string(old) != want {
			t.Errorf("try %d: checkpoint %q, want %q", tries, old, want)
		}
		if entries, _ := os.ReadDir(c.OutDir); len(entries) > 0 {
			t.Errorf("try %d finds %d files of output", tries, len(entries))
		}
		if err := errors.Join(os.MkdirAll(c.WorkDir, 0o777), os.WriteFile(filepath.Join(c.WorkDir, "epoch"), append(old, 'x'), 0o666)); err != nil {
			return err
		}
		if f, err := c.Create("half"); err == nil {
			f.Close()
		}
		if tries < 3 {
			return fmt.Errorf("no luck %d", tries)
		}
		return os.Remove(filepath.Join(c.OutDir, "half"))
	}
	var story []string
	b.Running.OnEvent = func(e run.Event) {
		if e, ok := e.(run.CellRetried); ok {
			story = append(story, fmt.Sprintf("%s: %v, %d of %d", e.Node.ID, e.Err, e.Try, e.Tries))
		}
	}
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text, retries: 5}\n")
	if want := []string{"a: no luck 1, 2 of 6", "a: no luck 2, 3 of 6"}; !slices.Equal(story, want) {
		t.Errorf("got %q, want %q", story, want)
	}
	rec := r.Of("a").Record
	if len(rec.Timings) != 1 || rec.Timings[0].Seconds != 3 {
		t.Errorf("timings %v", rec.Timings)
	}
	path, err := b.Store.Fetch(t.Context(), *rec.Log)
	if err != nil {
		t.Fatal(err)
	}
	if log, _ := os.ReadFile(path); string(log) != "try 1 of 6: no luck 1\ntry 2 of 6: no luck 2\n" {
		t.Errorf("log %q", log)
	}
}

func TestRetriesComeToAnEnd(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(context.Context, *pipeline.Cell) error { return errors.New("no luck") }
	_, err := b.Run("name: x\nstages:\n  a: {uses: test/text, retries: 2}\n")
	if err == nil || !strings.Contains(err.Error(), "a: test/text: 3 tries failed; last error: no luck") || len(b.Took()) != 3 {
		t.Errorf("got %v", err)
	}
}

func TestCancelledCellIsNotRetried(t *testing.T) {
	b := pipelinetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.During = func(ctx context.Context, _ *pipeline.Cell) error { cancel(); <-ctx.Done(); return ctx.Err() }
	r, err := b.RunPlan(ctx, b.Plan("name: x\nstages:\n  a: {uses: test/text, retries: 2}\n"))
	if !errors.Is(err, context.Canceled) || r.Stopped != 1 || len(b.Took()) != 1 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestTimeoutNamesItsLimit(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(ctx context.Context, c *pipeline.Cell) error {
		if c.ID == "a" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	r, err := b.Run("name: x\nstages:\n  a: {uses: test/text, timeout: 5ms, retries: 1}\n  b: {uses: test/text, with: {n: 1}, timeout: 1h}\n")
	if err == nil || !strings.Contains(err.Error(), `a: test/text: 2 tries failed; last error: stopped after 5ms, the timeout of stage "a"`) || r.Made != 1 || r.Failed != 1 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestFailFastStopsEverything(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.FailFast, b.Running.Workers = true, 2
	running := make(chan struct{})
	b.During = func(ctx context.Context, c *pipeline.Cell) error {
		switch c.ID {
		case "a":
			<-running
			return errors.New("no luck")
		case "b":
			close(running)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	const src = `name: x
stages:
  a: {uses: test/text}
  b: {uses: test/text, with: {n: 1}}
  c: {uses: test/text, needs: {a: a}}
  d: {uses: test/text, with: {n: 2}}
`
	var r *run.Result
	var err error
	pipelinetest.Within(t, 10*time.Second, func() { r, err = b.Run(src) })
	var failed *run.FailedError
	if !errors.As(err, &failed) || r.Failed != 1 || r.Skipped != 1 || r.Stopped != 2 || r.Made != 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if want := "1 cell failed; 1 cell skipped because of that\n  a: test/text: no luck\n    skipped because of it: c"; err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
