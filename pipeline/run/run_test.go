package run_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

func TestSecondRunHits(t *testing.T) {
	b := pipelinetest.New(t)
	first := b.WantRan(pipelinetest.Paper, pipelinetest.IDs(b.Graph(pipelinetest.Paper).Nodes)...)
	second := b.WantRan(pipelinetest.Paper)
	for id, d := range pipelinetest.Digests(first) {
		if pipelinetest.Digests(second)[id] != d {
			t.Errorf("%s: another digest", id)
		}
	}
	path, err := second.Of("table").Artifact.Path("text")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "privacy[age=200,fold=0,gender=0]") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestGrownSweepRunsOnlyWhatIsNew(t *testing.T) {
	b := pipelinetest.New(t)
	b.MustRun(pipelinetest.Paper)
	b.WantRan(strings.Replace(pipelinetest.Paper, "[0, 400]", "[0, 200, 400]", 1),
		"model[age=200,fold=1,gender=200]", "model[age=200,fold=0,gender=200]",
		"privacy[age=200,fold=1,gender=200]", "privacy[age=200,fold=0,gender=200]", "table")
}

func TestUnchangedOutputStopsTheWave(t *testing.T) {
	b := pipelinetest.New(t)
	src := func(text string) string {
		return `name: x
stages:
  a: {uses: test/text, with: {text: ` + text + `}}
  b: {uses: test/text, needs: {a: a}, with: {mod: 1}}
  c: {uses: test/text, needs: {a: b}}
  d: {uses: test/text, needs: {a: c}}
`
	}
	b.WantRan(src("one"), "a", "b", "c", "d")
	p := b.Plan(src("two"))
	var states []string
	for _, c := range p.Cells {
		states = append(states, fmt.Sprint(c.Node.ID, " ", c.State, " ", c.Reason))
	}
	want := "a miss never made; b unknown depends on a; c unknown depends on b; d unknown depends on c"
	if got := strings.Join(states, "; "); got != want || p.Hits != 0 || p.Misses != 1 || p.Unknown != 3 {
		t.Errorf("plan: %s", got)
	}
	b.WantRan(src("two"), "a", "b")
}

func TestEqualWorkIsDoneOnce(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(context.Context, *pipeline.Cell) error { time.Sleep(5 * time.Millisecond); return nil }
	src := `name: x
stages:
  a: {uses: test/text, matrix: {m: [0, 1, 2]}, with: {text: same}}
  b: {uses: test/text, with: {text: same}}
  c: {uses: test/gather, gather: {a: a, b: b}}
`
	p := b.Plan(src)
	if c := p.Cells[1]; c.SameAs == nil || c.SameAs.ID != "a[m=0]" || c.Reason != "the same work as a[m=0]" {
		t.Errorf("planned: %+v", c)
	}
	b.WantRan(src, "a[m=0]", "c")
}

func TestFailureStopsOnlyWhatNeedsIt(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		switch c.ID {
		case "model[age=200,fold=0,gender=400]":
			c.Logf("epoch 3")
			return errors.New("epoch 3: loss is NaN")
		case "model[age=200,fold=1,gender=0]":
			return errors.New("no luck")
		}
		return nil
	}
	r, err := b.Run(pipelinetest.Paper)
	var failed *run.FailedError
	if !errors.As(err, &failed) || len(failed.Cells) != 2 {
		t.Fatalf("got %v", err)
	}
	text := err.Error()
	log := failed.Cells[1].Log
	for _, want := range []string{
		"2 cells failed; 3 cells skipped",
		"  model[age=200,fold=0,gender=400]: test/draws: epoch 3: loss is NaN\n    log: " + log,
		"  model[age=200,fold=1,gender=0]: test/draws: no luck\n",
	} {
		if !strings.Contains(text+"\n", want) {
			t.Errorf("the error does not say %q:\n%s", want, text)
		}
	}
	if content, err := os.ReadFile(log); string(content) != "epoch 3\n" {
		t.Errorf("log %q: %q, %v", log, content, err)
	}
	if w, err := b.Store.(*disk.Cache).WorkState(r.Of(failed.Cells[1].Cell).Key); err != nil || w == nil || w.Failure != "epoch 3: loss is NaN" {
		t.Errorf("left behind: %+v, %v", w, err)
	}
	if r.Made != 7 || r.Failed != 2 || r.Skipped != 3 {
		t.Errorf("%+v", r)
	}
	skipped := r.Of("privacy[age=200,fold=0,gender=400]")
	if skipped.Status != run.WasSkipped || skipped.Cause.ID != "model[age=200,fold=0,gender=400]" {
		t.Errorf("%+v", skipped)
	}
	if table := r.Of("table"); table.Status != run.WasSkipped || table.Cause.Stage.Name != "model" {
		t.Errorf("%+v", table)
	}

	b.During = nil
	b.Took()
	ran, r := b.MustRun(pipelinetest.Paper)
	if len(ran) != 5 || r.Hits != 7 {
		t.Errorf("the next run ran %s", ran)
	}
}

func TestEqualWorkFailsOnce(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(context.Context, *pipeline.Cell) error {
		time.Sleep(time.Millisecond)
		return errors.New("no luck")
	}
	r, err := b.Run("name: x\nstages:\n  a: {uses: test/text, matrix: {m: [0, 1, 2, 3, 4, 5, 6, 7]}}\n")
	if err == nil || r.Failed != 1 || r.Skipped != 7 || len(b.Took()) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestPanicIsAnErrorWithItsStackInTheLog(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(context.Context, *pipeline.Cell) error { panic("index out of reach") }
	_, err := b.Run(pipelinetest.One)
	var cell *pipeline.CellError
	if !errors.As(err, &cell) || !strings.Contains(err.Error(), "a: test/text: panic: index out of reach\n    log: ") {
		t.Fatalf("got %v", err)
	}
	if log, _ := os.ReadFile(cell.Log); !strings.Contains(string(log), "run_test.go") {
		t.Errorf("log: %s", log)
	}
}

func TestKindThatEndsItsGoroutineFails(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(context.Context, *pipeline.Cell) error { runtime.Goexit(); return nil }
	pipelinetest.Within(t, 5*time.Second, func() {
		if _, err := b.Run(pipelinetest.One); err == nil {
			t.Error("no error")
		}
	})
}

func TestKindThatWritesNothingFails(t *testing.T) {
	b := pipelinetest.New(t)
	b.Empty = true
	if _, err := b.Run(pipelinetest.One); err == nil || !strings.Contains(err.Error(), "no output was written") {
		t.Errorf("got %v", err)
	}
}

func TestLogIsKeptWithTheRecord(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.Version = "v1"
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		c.Logf("hello")
		c.Time("epoch", time.Second)
		c.Time("epoch", 2*time.Second)
		return nil
	}
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text, with: {n: 1}}\n  b: {uses: test/text, needs: {a: a}}\n")
	rec := r.Of("b").Record
	path, err := b.Store.Fetch(t.Context(), *rec.Log)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "hello\n" {
		t.Errorf("log %q", text)
	}
	if len(rec.Timings) != 2 || rec.Timings[1] != (store.Timing{Name: "epoch", Seconds: 2}) {
		t.Errorf("timings %v", rec.Timings)
	}
	in := r.Of("a")
	if want := (store.Input{Name: "a", Cell: "a", Key: in.Key, Digest: in.Artifact.Digest()}); len(rec.Inputs) != 1 || rec.Inputs[0] != want {
		t.Errorf("inputs %v", rec.Inputs)
	}
	if rec.Cell != "b" || rec.Foil != "v1" || rec.Kind != "test/text" || rec.KeyText.Key() != rec.Key || in.Record.Params != "{n: 1}" {
		t.Errorf("%+v", rec)
	}
}

func TestCancelledRunStopsAndKeepsCheckpoints(t *testing.T) {
	b := pipelinetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.During = func(ctx context.Context, c *pipeline.Cell) error {
		if c.ID == "ratings" {
			return nil
		}
		if err := errors.Join(os.MkdirAll(c.WorkDir, 0o777), os.WriteFile(filepath.Join(c.WorkDir, "epoch"), []byte("3"), 0o666)); err != nil {
			return err
		}
		if f, err := c.Create("half"); err == nil {
			f.Close()
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	var r *run.Result
	pipelinetest.Within(t, 5*time.Second, func() {
		var err error
		if r, err = b.RunPlan(ctx, b.Plan(pipelinetest.Paper)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	if r.Made != 1 || r.Failed != 0 || r.Stopped != len(r.Outcomes)-1 {
		t.Errorf("%+v", r)
	}
	var resumed atomic.Int32
	b.Took()
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if text, err := os.ReadFile(filepath.Join(c.WorkDir, "epoch")); err == nil && string(text) == "3" {
			resumed.Add(1)
		}
		return nil
	}
	_, r = b.MustRun(pipelinetest.Paper)
	if resumed.Load() == 0 {
		t.Error("no checkpoint was found")
	}
	for _, o := range r.Outcomes {
		if o.Artifact.Has("half") {
			t.Errorf("%s: half an output was published", o.Node.ID)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(b.Dir, "work")); len(left) > 0 {
		t.Errorf("%d work folders are left over", len(left))
	}
}

func TestNoMoreCellsAtOnceThanWorkers(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.Workers = 3
	var now, most atomic.Int32
	var once sync.Once
	full := make(chan struct{}) // as many cells run as there are workers
	b.During = func(context.Context, *pipeline.Cell) error {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == 3 {
			once.Do(func() { close(full) })
		}
		select {
		case <-full:
		case <-time.After(5 * time.Second): // reported below
		}
		time.Sleep(2 * time.Millisecond)
		now.Add(-1)
		return nil
	}
	b.MustRun("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [1,2,3,4,5,6,7,8,9,10,11,12]}, with: {n: \"${matrix.i}\"}}\n")
	if most.Load() != 3 {
		t.Errorf("%d cells at once", most.Load())
	}
}

func TestWhatIsBegunIsBroughtToItsEnd(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.Workers = 1
	_, err := b.Run(`name: x
stages:
  a: {uses: test/text, matrix: {i: [1, 2]}, with: {n: "${matrix.i}"}}
  b: {uses: test/text, needs: {a: a}}
  c: {uses: test/gather, gather: {all: b}}
`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(b.Runs(), " "); got != "a[i=1] b[i=1] a[i=2] b[i=2] c" {
		t.Errorf("ran %s", got)
	}
}

func TestEventsTellTheStory(t *testing.T) {
	b := pipelinetest.New(t)
	b.Running.Workers = 1
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if c.ID == "b" {
			c.Progress(pipeline.Progress{Done: 1, Total: 2, Unit: "epochs"})
			time.Sleep(250 * time.Millisecond)
			return errors.New("no luck")
		}
		return nil
	}
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n  c: {uses: test/text, needs: {a: b}}\n"
	var story []string
	var mu sync.Mutex
	b.Running.OnEvent = func(e run.Event) {
		if !mu.TryLock() {
			t.Error("two events at once")
		}
		defer mu.Unlock()
		switch e := e.(type) {
		case run.RunStarted:
			story = append(story, fmt.Sprint("run ", e.Plan.Hits, e.Plan.Misses, e.Plan.Unknown))
		case run.CellStarted:
			story = append(story, fmt.Sprintf("start %s (%s)", e.Node.ID, e.Reason))
		case run.CellProgress:
			story = append(story, fmt.Sprint("progress ", e.Node.ID, e.Progress.Done, e.Progress.Total))
		case run.CellDone:
			story = append(story, "done "+e.Node.ID)
		case run.CellFailed:
			story = append(story, "failed "+e.Node.ID)
		case run.CellSkipped:
			story = append(story, "skipped "+e.Node.ID+" for "+e.Cause.ID)
		case run.CellHit:
			story = append(story, "hit "+e.Node.ID)
		case run.RunDone:
			story = append(story, fmt.Sprint("end ", e.Result.Hits, e.Result.Made, e.Result.Failed, e.Result.Skipped))
		}
	}
	b.Run(src)
	b.Run(src)
	want := "run 0 1 2; start a (never made); done a; start b (never made); progress b 1 2; failed b; skipped c for b; end 0 1 1 1; " +
		"run 1 1 1; hit a; start b (never made); progress b 1 2; failed b; skipped c for b; end 1 0 1 1"
	got := strings.Join(story, "; ")
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSourceErrorNamesTheCell(t *testing.T) {
	b := pipelinetest.New(t)
	b.Sources = func(*pipeline.Env) ([]pipeline.Source, error) {
		return nil, errors.New("no data and no network")
	}
	_, err := b.TryPlan(b.Graph("name: x\nstages:\n  a: {uses: test/source, matrix: {i: [1, 2]}}\n"))
	if err == nil || err.Error() != "a[i=1]: test/source: no data and no network" {
		t.Errorf("got %v", err)
	}
}

func TestChangedSourceMissesAndMovedOneHits(t *testing.T) {
	b := pipelinetest.New(t)
	source := pipeline.Source{Name: "data", Digest: digest.Of([]byte("1")), Path: "/one"}
	b.Sources = func(*pipeline.Env) ([]pipeline.Source, error) { return []pipeline.Source{source}, nil }
	const src = "name: x\nstages:\n  a: {uses: test/source}\n"
	b.WantRan(src, "a")
	source.Path = "/two"
	b.WantRan(src)
	source.Digest = digest.Of([]byte("2"))
	b.WantRan(src, "a")
}

func TestOnlySourcesSeeWhatLiesBesideTheSpec(t *testing.T) {
	b := pipelinetest.New(t)
	g := b.Graph("name: x\nstages:\n  s: {uses: test/source}\n")
	g.Files = fstest.MapFS{"script": {Data: []byte("one")}}
	b.Sources = func(env *pipeline.Env) ([]pipeline.Source, error) {
		text, err := fs.ReadFile(env.Files, "script")
		return []pipeline.Source{{Name: "script", Digest: digest.Of(text), Content: text}}, err
	}
	b.During = func(_ context.Context, cell *pipeline.Cell) error {
		if cell.Env.Files != nil || string(cell.Sources[0].Content) != "one" {
			t.Errorf("the cell has the files %v and the source %q", cell.Env.Files, cell.Sources[0].Content)
		}
		return nil
	}
	if _, err := b.RunGraph(g); err != nil {
		t.Fatal(err)
	}
	narrow, err := g.Select([]string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	if p := b.PlanGraph(narrow); p.Hits != 1 {
		t.Errorf("%d hits after --only", p.Hits)
	}
}

func TestNotesReachPeopleAndTheLog(t *testing.T) {
	b := pipelinetest.New(t)
	b.During = func(_ context.Context, c *pipeline.Cell) error { c.Note("%d of 3", 2); return errors.New("no luck") }
	var notes []string
	b.Running.OnEvent = func(e run.Event) {
		if n, ok := e.(run.CellNote); ok {
			notes = append(notes, n.Node.ID+": "+n.Text)
		}
	}
	_, err := b.Run("name: x\nstages: {a: {uses: test/text, with: {text: one}}}\n")
	var failed *run.FailedError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	if want := []string{"a: 2 of 3"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	if content, err := os.ReadFile(failed.Cells[0].Log); string(content) != "2 of 3\n" {
		t.Errorf("log: %q, %v", content, err)
	}
}
