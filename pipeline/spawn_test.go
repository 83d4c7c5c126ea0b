package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// A spawner stands in for processes: it runs tasks here, after they were a text.
type spawner struct {
	kinds []Kind
	usage Usage
	err   error // instead of running the task

	mu    sync.Mutex
	tasks []*Task
	held  int // how often the lock was there
}

func (s *spawner) spawn(ctx context.Context, t *Task, hold *os.File, h Hooks) (Usage, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return Usage{}, err
	}
	sent := new(Task)
	if err := json.Unmarshal(text, sent); err != nil {
		return Usage{}, err
	}
	s.mu.Lock()
	s.tasks = append(s.tasks, sent)
	if _, err := hold.Stat(); err == nil {
		s.held++
	}
	s.mu.Unlock()
	if s.err != nil {
		h.Log.WriteString("last words\n")
		return s.usage, s.err
	}
	return s.usage, sent.Run(ctx, s.kinds, h)
}

// A spec with needs, gathers, seeds, sources and parameters of every type.
const spawnSpec = `name: x
seed: 7
stages:
  s: {uses: test/source, with: {text: "a: b\n\t\"\\é\x07"}}
  a: {uses: test/draws, needs: {a: s}, matrix: {i: [0, 1.5, "1", true]}, with: {value: "${matrix.i}"}}
  b: {uses: test/numeric, needs: {a: a, b: s}, with: {value: {deep: [1.0, null, {x: "no"}]}, quiet: true}}
  c: {uses: test/gather, gather: {all: b, same: a}}
  d: {uses: test/plain, needs: {text: c}, gather: {all: a}}
`

func TestProcessesMakeTheSame(t *testing.T) {
	here, there := newBench(t), newBench(t)
	s := &spawner{kinds: there.kinds(), usage: Usage{CPU: 1500 * time.Millisecond, PeakMemory: 42}}
	there.opts.Spawn = s.spawn
	_, want := here.mustRun(spawnSpec)
	ran, got := there.mustRun(spawnSpec)
	for id, d := range digests(want) {
		if digests(got)[id] != d {
			t.Errorf("%s came out different", id)
		}
		if k := want.Of(id).Key; got.Of(id).Key != k {
			t.Errorf("%s has another key", id)
		}
	}
	if len(s.tasks) != len(ran) || s.held != len(ran) {
		t.Errorf("%d cells, %d tasks, %d of them with the lock", len(ran), len(s.tasks), s.held)
	}
	if r := got.Of("d").Record; r.CPUSeconds != 1.5 || r.PeakMemory != 42 {
		t.Errorf("%+v", r)
	}
	if got.CPU != time.Duration(len(ran))*1500*time.Millisecond || got.Largest == nil {
		t.Errorf("%s, %v", got.CPU, got.Largest)
	}
	there.wantRan(spawnSpec) // all hits
}

func TestProcessReportsLikeTheCellItIs(t *testing.T) {
	b := newBench(t)
	b.opts.Spawn = (&spawner{kinds: b.kinds()}).spawn
	b.during = func(_ context.Context, c *Cell) error {
		c.Note("hello")
		c.Time("epoch", time.Second)
		c.Progress(Progress{Done: 1, Total: 2})
		return nil
	}
	var notes []string
	b.opts.OnEvent = func(e Event) {
		if n, ok := e.(CellNote); ok {
			notes = append(notes, n.Text)
		}
	}
	_, r := b.mustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	rec := r.Of("a").Record
	if len(notes) != 1 || notes[0] != "hello" || len(rec.Timings) != 1 || rec.Log == nil || rec.Log.Size != int64(len("hello\n")) {
		t.Errorf("notes %q, timings %v, log %v", notes, rec.Timings, rec.Log)
	}
}

func TestSilentProcessLeavesNoLog(t *testing.T) {
	b := newBench(t)
	b.opts.Spawn = (&spawner{kinds: b.kinds()}).spawn
	_, r := b.mustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	if log := r.Of("a").Record.Log; log != nil {
		t.Errorf("log %+v", log)
	}
	b.during = func(context.Context, *Cell) error { return errors.New("no luck") }
	_, err := b.plan("name: x\nstages:\n  a: {uses: test/text, with: {n: 1}}\n").Execute(t.Context())
	var cell *CellError
	if !errors.As(err, &cell) || cell.Log != "" {
		t.Errorf("got %v", err)
	}
}

func TestCrashedProcessFailsItsCellAlone(t *testing.T) {
	b := newBench(t)
	broken := &spawner{err: errors.New("killed")}
	working := &spawner{kinds: b.kinds()}
	b.opts.Spawn = func(ctx context.Context, t *Task, hold *os.File, h Hooks) (Usage, error) {
		if t.Cell == "a[i=1]" {
			return broken.spawn(ctx, t, hold, h)
		}
		return working.spawn(ctx, t, hold, h)
	}
	r, err := b.plan("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [0, 1, 2]}, with: {n: \"${matrix.i}\"}}\n  b: {uses: test/text, needs: {a: a}}\n").Execute(t.Context())
	var cell *CellError
	if !errors.As(err, &cell) || r.Made != 4 || r.Failed != 1 || r.Skipped != 1 {
		t.Fatalf("%v, %+v", err, r)
	}
	if text, _ := os.ReadFile(cell.Log); string(text) != "last words\n" || !strings.Contains(err.Error(), "a[i=1]: test/text: killed") {
		t.Errorf("%v, log %q", err, text)
	}
}

func TestLightCellsStayInThisProcess(t *testing.T) {
	b := newBench(t)
	s := &spawner{kinds: b.kinds()}
	b.opts.Spawn = s.spawn
	kinds := b.kinds()
	kinds[0].Light = true
	g, err := Build(b.parse("name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/draws, needs: {a: a}}\n"), kinds)
	if err != nil {
		t.Fatal(err)
	}
	b.during = func(context.Context, *Cell) error {
		for start := time.Now(); time.Since(start) < 5*time.Millisecond; {
		}
		return nil
	}
	r, err := b.planGraph(g).Execute(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.tasks) != 1 || s.tasks[0].Cell != "b" {
		t.Errorf("%d tasks", len(s.tasks))
	}
	if cpu := r.Of("a").Record.CPUSeconds; runtime.GOOS == "linux" && cpu <= 0 {
		t.Errorf("%g s of processor time", cpu)
	}
}

func TestDamagedInputOfAProcessIsMadeAgain(t *testing.T) {
	b := newBench(t)
	b.opts.Spawn = (&spawner{kinds: b.kinds()}).spawn
	const src = "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}, with: {n: %d}}\n"
	_, r := b.mustRun(strings.ReplaceAll(src, "%d", "1"))
	path, err := r.Of("a").Artifact.Path("text")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte(strings.Repeat("x", int(r.Of("a").Artifact.Files[0].Size))), 0o600)); err != nil {
		t.Fatal(err)
	}
	ran, _ := b.mustRun(strings.ReplaceAll(src, "%d", "2"))
	if strings.Join(ran, " ") != "a b" {
		t.Errorf("ran %s", ran)
	}
}

func TestTaskOfAnotherProgramIsRefused(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		change func(*Task)
		want   string
	}{
		{func(t *Task) { t.Version++ }, "this program has no version 2 of test/text"},
		{func(t *Task) { t.Kind = "test/gone" }, "this program has no version 1 of test/gone"},
		{func(t *Task) { t.Canonical += "n = 2\n" }, "reads the parameters {n: 1} in another way"},
		{func(t *Task) { t.Params = "{m: 1}" }, `unknown field "m"`},
		{func(t *Task) { t.Params = "{" }, "parameters of a"},
	} {
		task := &Task{Cell: "a", Kind: "test/text", Version: 1, Params: "{n: 1}", OutDir: t.TempDir()}
		cell := b.graph("name: x\nstages:\n  a: {uses: test/text, with: {n: 1}}\n").Nodes[0]
		task.Canonical = cell.params.Canonical
		if err := task.Run(t.Context(), b.kinds(), Hooks{}); err != nil {
			t.Fatal(err)
		}
		c.change(task)
		if err := task.Run(t.Context(), b.kinds(), Hooks{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
