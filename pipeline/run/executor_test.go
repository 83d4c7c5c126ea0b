package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

func TestTasksMakeTheSameElsewhere(t *testing.T) {
	here, there := pipelinetest.New(t), pipelinetest.New(t)
	x := there.NewExecutor()
	x.Usage = pipeline.Usage{CPU: 1500 * time.Millisecond, PeakMemory: 42}
	var held atomic.Int32 // how often the lease was there
	x.Instead = func(_ context.Context, _ *pipeline.Task, a run.Attempt) error {
		if _, err := a.Lease.(store.Inheritable).Inherit().Stat(); err == nil {
			held.Add(1)
		}
		return nil
	}
	_, want := here.MustRun(pipelinetest.Every)
	ran, got := there.MustRun(pipelinetest.Every)
	for id, d := range pipelinetest.Digests(want) {
		if pipelinetest.Digests(got)[id] != d {
			t.Errorf("%s came out different", id)
		}
		if k := want.Of(id).Key; got.Of(id).Key != k {
			t.Errorf("%s has another key", id)
		}
	}
	if tasks := len(x.Tasks()); tasks != len(ran) || int(held.Load()) != len(ran) {
		t.Errorf("%d cells, %d tasks, %d of them with the lease", len(ran), tasks, held.Load())
	}
	if r := got.Of("d").Record; r.CPUSeconds != 1.5 || r.PeakMemory != 42 {
		t.Errorf("%+v", r)
	}
	if got.CPU != time.Duration(len(ran))*1500*time.Millisecond || got.Largest == nil {
		t.Errorf("%s, %v", got.CPU, got.Largest)
	}
	there.WantRan(pipelinetest.Every) // all hits
}

// A task is the same on any machine: it contains no paths of the planning machine.
func TestTaskNamesNoPath(t *testing.T) {
	b := pipelinetest.New(t)
	x := b.NewExecutor()
	_, r := b.MustRun(pipelinetest.Every)
	for _, task := range x.Tasks() {
		text, err := json.Marshal(task)
		if err != nil || strings.Contains(string(text), b.Dir) {
			t.Errorf("%v, %s", err, text)
		}
		inputs := map[string]digest.Digest{}
		for _, in := range task.Inputs {
			inputs[in.Name+pipeline.AxesText(in.Axes)] = pipeline.Artifact{Files: in.Files}.Digest()
		}
		for _, in := range r.Of(task.Cell).Node.Inputs {
			for _, from := range in.From {
				name := in.Name
				if in.Gathered {
					name += pipeline.AxesText(from.Axes)
				}
				if want := r.Of(from.ID).Artifact.Digest(); inputs[name] != want {
					t.Errorf("%s: input %s is %s, want %s", task.Cell, name, inputs[name].Short(), want.Short())
				}
			}
		}
	}
}

func TestTaskReportsLikeTheCellItIs(t *testing.T) {
	b := pipelinetest.New(t)
	b.NewExecutor()
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		c.Note("hello")
		c.Time("epoch", time.Second)
		c.Progress(pipeline.Progress{Done: 1, Total: 2})
		return nil
	}
	var notes []string
	b.Running.OnEvent = func(e run.Event) {
		if n, ok := e.(run.CellNote); ok {
			notes = append(notes, n.Text)
		}
	}
	_, r := b.MustRun(pipelinetest.One)
	rec := r.Of("a").Record
	if len(notes) != 1 || notes[0] != "hello" || len(rec.Timings) != 1 || rec.Log == nil || rec.Log.Size != int64(len("hello\n")) {
		t.Errorf("notes %q, timings %v, log %v", notes, rec.Timings, rec.Log)
	}
}

func TestSilentTaskLeavesNoLog(t *testing.T) {
	b := pipelinetest.New(t)
	b.NewExecutor()
	_, r := b.MustRun(pipelinetest.One)
	if log := r.Of("a").Record.Log; log != nil {
		t.Errorf("log %+v", log)
	}
	b.During = func(context.Context, *pipeline.Cell) error { return errors.New("no luck") }
	_, err := b.Run("name: x\nstages:\n  a: {uses: test/text, with: {n: 1}}\n")
	var cell *pipeline.CellError
	if !errors.As(err, &cell) || cell.Log != "" {
		t.Errorf("got %v", err)
	}
}

func TestCrashedTaskFailsItsCellAlone(t *testing.T) {
	b := pipelinetest.New(t)
	b.NewExecutor().Instead = func(_ context.Context, t *pipeline.Task, a run.Attempt) error {
		if t.Cell != "a[i=1]" {
			return nil
		}
		return errors.Join(os.WriteFile(a.Workspace.Log, []byte("last words\n"), 0o666), &pipeline.Failure{Code: pipeline.Crashed, Message: "killed"})
	}
	r, err := b.Run("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [0, 1, 2]}, with: {n: \"${matrix.i}\"}}\n  b: {uses: test/text, needs: {a: a}}\n")
	var cell *pipeline.CellError
	if !errors.As(err, &cell) || r.Made != 4 || r.Failed != 1 || r.Skipped != 1 {
		t.Fatalf("%v, %+v", err, r)
	}
	if text, _ := os.ReadFile(cell.Log); string(text) != "last words\n" || !strings.Contains(err.Error(), "a[i=1]: test/text: killed") {
		t.Errorf("%v, log %q", err, text)
	}
	if code := pipeline.CodeOf(cell); code != pipeline.Crashed {
		t.Errorf("the failure has the code %q", code)
	}
}

func TestDamagedInputOfATaskIsMadeAgain(t *testing.T) {
	b := pipelinetest.New(t)
	b.NewExecutor()
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}, with: {n: %d}}\n"
	_, r := b.MustRun(strings.ReplaceAll(src, "%d", "1"))
	path, err := r.Of("a").Artifact.Path("text")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte(strings.Repeat("x", int(r.Of("a").Artifact.Files[0].Size))), 0o600)); err != nil {
		t.Fatal(err)
	}
	ran, _ := b.MustRun(strings.ReplaceAll(src, "%d", "2"))
	if strings.Join(ran, " ") != "a b" {
		t.Errorf("ran %s", ran)
	}
}

// If an executor reports a damaged file that is not an input of the task, the cell fails and the
// run ends.
func TestDamageOfWhatIsNoInputIsAFailure(t *testing.T) {
	b := pipelinetest.New(t)
	b.NewExecutor().Instead = func(_ context.Context, t *pipeline.Task, _ run.Attempt) error {
		if t.Cell != "b" {
			return nil
		}
		return &run.InputError{Damaged: []*store.DamagedError{{File: digest.File{Name: "text", Digest: digest.Of([]byte("none"))}, Reason: "is odd"}}}
	}
	pipelinetest.Within(t, 10*time.Second, func() {
		r, err := b.Run("name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n")
		if err == nil || !strings.Contains(err.Error(), "b: test/text: input text (object") || r.Failed != 1 || r.Stopped != 0 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

// Parallel tasks never use more than the capacity of the executor.
func TestTasksKeepToTheCapacity(t *testing.T) {
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		b := pipelinetest.New(t)
		pipelinetest.NewStore(t).Use(b)
		b.Running.Workers = 0
		b.Limits = pipeline.Limits{Cores: 2 + rnd.IntN(3), Memory: 3e9, GPUs: 2}
		x := b.NewExecutor()
		x.Instead = func(context.Context, *pipeline.Task, run.Attempt) error {
			time.Sleep(time.Millisecond)
			return nil
		}
		src := "name: x\nstages:\n"
		for i := range 8 {
			src += fmt.Sprintf("  s%d: {uses: test/text, matrix: {i: [0, 1]}, with: {n: %d, value: \"${matrix.i}\"}, cores: %d, memory: %dGB, gpus: %d}\n",
				i, i, 1+rnd.IntN(b.Limits.Cores), 1+rnd.IntN(3), rnd.IntN(3))
		}
		if _, r := b.MustRun(src); r.Made != 16 {
			t.Errorf("seed %d: %+v", seed, r)
		}
		if most := x.Most(); !b.Limits.Holds(most) || most.Cores == 0 {
			t.Errorf("seed %d: tasks took %+v of %+v", seed, most, b.Limits)
		}
	}
}

// Every attempt has an output folder of its own, and all share the checkpoints.
func TestEveryTryIsAnAttemptOfItsOwn(t *testing.T) {
	b := pipelinetest.New(t)
	pipelinetest.NewStore(t).Use(b)
	var mu sync.Mutex
	var outs, checkpoints []string
	b.NewExecutor().Instead = func(_ context.Context, _ *pipeline.Task, a run.Attempt) error {
		mu.Lock()
		defer mu.Unlock()
		outs, checkpoints = append(outs, a.Workspace.Out), append(checkpoints, a.Workspace.Checkpoint)
		if len(outs) < 3 {
			return fmt.Errorf("no luck %d", len(outs))
		}
		return nil
	}
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text, retries: 2}\n")
	if r.Made != 1 || len(outs) != 3 || outs[0] == outs[1] || outs[1] == outs[2] || checkpoints[0] != checkpoints[2] {
		t.Errorf("%+v, out %s, checkpoints %s", r, outs, checkpoints)
	}
}

// A task that exceeds its timeout gets the reason, and its next try has the full time again.
func TestTimeoutIsToldToTheTask(t *testing.T) {
	b := pipelinetest.New(t)
	pipelinetest.NewStore(t).Use(b)
	var tries atomic.Int32
	var cause atomic.Value
	b.NewExecutor().Instead = func(ctx context.Context, _ *pipeline.Task, _ run.Attempt) error {
		if tries.Add(1) > 1 {
			return nil
		}
		<-ctx.Done()
		cause.Store(context.Cause(ctx).Error())
		return ctx.Err()
	}
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text, timeout: 20ms, retries: 1}\n")
	if want := `stopped after 20ms, the timeout of stage "a"`; cause.Load() != want || tries.Load() != 2 || r.Made != 1 {
		t.Errorf("cause %q, want %q; %d tries", cause.Load(), want, tries.Load())
	}
}

// The code of a failure survives the serialization of a task's error.
func TestFailureOfATaskKeepsItsCode(t *testing.T) {
	b := pipelinetest.New(t)
	b.NewExecutor().Instead = func(context.Context, *pipeline.Task, run.Attempt) error {
		return &pipeline.Failure{Code: pipeline.DiskFull, Message: "checkpoint: no room"}
	}
	_, err := b.Run("name: x\nstages:\n  a: {uses: test/text, retries: 1}\n")
	if code := pipeline.CodeOf(err); code != pipeline.DiskFull || !strings.Contains(err.Error(), "2 tries failed; last error: checkpoint: no room") {
		t.Errorf("code %q of %v", code, err)
	}
}

// The processor time of a run includes that of cells that failed or were interrupted, and of every
// try.
func TestProcessorTimeOfCellsThatWereNotMadeCounts(t *testing.T) {
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, with: {n: 1}, retries: 2}\n  c: {uses: test/text, needs: {a: a}, with: {n: 2}}\n"
	for _, c := range []struct {
		name string
		fail map[string]bool // cells that fail
		stop string          // the run is cancelled while this cell runs
		want time.Duration
	}{
		{"all are made", nil, "", 3 * time.Second},
		{"three tries fail", map[string]bool{"b": true}, "", 5 * time.Second},
		{"one is interrupted", nil, "c", 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := newMemoryBench(t)
			b.Running.Workers = 1
			e := b.NewExecutor()
			e.Usage = pipeline.Usage{CPU: time.Second}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e.Instead = func(ctx context.Context, task *pipeline.Task, _ run.Attempt) error {
				switch {
				case c.fail[task.Cell]:
					return errors.New("no")
				case c.stop == task.Cell:
					cancel()
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			}
			r, err := b.RunPlan(ctx, b.Plan(src))
			if (err == nil) != (c.fail == nil && c.stop == "") || r.CPU != c.want {
				t.Errorf("%v; %s, want %s", err, r.CPU, c.want)
			}
		})
	}
}
