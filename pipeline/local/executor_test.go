package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/run"
)

// where writes the ID of the process in which a cell runs, after some work.
func where(_ context.Context, c *pipeline.Cell) error {
	for start := time.Now(); time.Since(start) < 5*time.Millisecond; {
	}
	return write(c, "text", fmt.Sprint(os.Getpid()))
}

// copyInput copies the file "text" of the input "in".
func copyInput(_ context.Context, c *pipeline.Cell) error {
	path, err := c.Input("in", "text")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	return errors.Join(err, write(c, "text", string(text)))
}

func write(c *pipeline.Cell, name, text string) error {
	f, err := c.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// A site is an executor with a store, for tests.
type site struct {
	testing.TB
	Executor
	cache  *disk.Cache
	n      atomic.Int64
	signed *numeric.Signature // by the last task
}

// newSite returns an executor with processes, or without.
func newSite(t testing.TB, p *Processes) *site {
	c, err := disk.Open(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if p != nil {
		t.Cleanup(p.Close)
	}
	return &site{TB: t, cache: c, Executor: Executor{Kinds: kinds, Store: c, Numeric: signature, Processes: p}}
}

// do runs a task that reads files, and publishes what it wrote.
func (s *site) do(ctx context.Context, kind string, reads ...pipeline.File) (*store.Record, pipeline.Usage, error) {
	s.Helper()
	task := &pipeline.Task{Cell: "a", Kind: kind, Needs: pipeline.Limits{Cores: 1}}
	if reads != nil {
		task.Inputs = []pipeline.TaskInput{{Name: "in", Files: reads}}
	}
	return s.doTask(ctx, task)
}

// doTask runs a task, and publishes what it wrote. It may be called from any goroutine.
func (s *site) doTask(ctx context.Context, task *pipeline.Task) (*store.Record, pipeline.Usage, error) {
	version := int(s.n.Add(1))
	lines := digest.NewKeyLines(task.Kind, version)
	lease, err := s.cache.Acquire(ctx, lines.Key())
	if err != nil {
		return nil, pipeline.Usage{}, err
	}
	defer lease.Release()
	work, err := lease.Begin()
	if err != nil {
		return nil, pipeline.Usage{}, err
	}
	usage, err := s.Run(ctx, task, run.Attempt{Lease: lease, Workspace: work}, pipeline.Hooks{OnNote: func(string) {}, OnNumeric: func(n numeric.Signature) { s.signed = &n }})
	if err != nil {
		return nil, usage, err
	}
	r := &store.Record{KeyText: lines.Text(), Kind: task.Kind, Version: version}
	return r, usage, lease.Publish(ctx, work, r)
}

// text reads what a task wrote.
func (s *site) text(r *store.Record) string {
	s.Helper()
	path, err := s.cache.Fetch(s.Context(), r.Outputs[0])
	if err != nil {
		s.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

func TestLightTasksStayInThisProcess(t *testing.T) {
	s := newSite(t, processes())
	own := fmt.Sprint(os.Getpid())
	for kind, stays := range map[string]bool{"test/light": true, "test/where": false} {
		r, usage, err := s.do(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		if pid := s.text(r); (pid == own) != stays {
			t.Errorf("%s ran in process %s; this is %s", kind, pid, own)
		}
		if runtime.GOOS == "linux" && usage.CPU <= 0 {
			t.Errorf("%s: %s of processor time", kind, usage.CPU)
		}
	}
}

// The numeric signature is that of the process in which the cell ran.
func TestProcessOfTheCellSigns(t *testing.T) {
	for name, p := range map[string]*Processes{"in a process": processes(), "here": nil} {
		for _, kind := range []string{"test/rounds", "test/rounds-light", "test/where"} {
			s := newSite(t, p)
			r, _, err := s.do(t.Context(), kind)
			switch {
			case err != nil:
				t.Fatal(err)
			case kind == "test/where" && s.signed != nil:
				t.Errorf("%s: %s is signed, and it does not round", name, kind)
			case kind != "test/where" && (s.signed == nil || s.signed.Level != s.text(r)):
				t.Errorf("%s: %s ran in process %s and was signed by %+v", name, kind, s.text(r), s.signed)
			}
		}
	}
}

func TestTaskReadsTheContentOfItsInputs(t *testing.T) {
	for name, p := range map[string]*Processes{"in a process": processes(), "here": nil} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, p)
			first, _, err := s.do(t.Context(), "test/where")
			if err != nil {
				t.Fatal(err)
			}
			second, _, err := s.do(t.Context(), "test/copy", first.Outputs...)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := s.text(second), s.text(first); got != want || second.Outputs[0].Digest != first.Outputs[0].Digest {
				t.Errorf("read %q, want %q", got, want)
			}
			path, err := s.cache.Fetch(t.Context(), first.Outputs[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chmod(path, 0o600), os.Truncate(path, 1)); err != nil {
				t.Fatal(err)
			}
			_, _, err = s.do(t.Context(), "test/copy", first.Outputs...)
			var input *run.InputError
			if !errors.As(err, &input) || len(input.Damaged) != 1 || input.Damaged[0].File != first.Outputs[0] {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The code of a failure is the same with and without a separate process.
func TestFailuresKeepTheirCodeAcrossAProcess(t *testing.T) {
	for _, c := range []struct {
		kind string
		code pipeline.Code
		is   error
	}{
		{"test/full", pipeline.DiskFull, syscall.ENOSPC},
		{"test/wait", pipeline.Cancelled, context.Canceled},
		{"test/hang", pipeline.Cancelled, context.Canceled},
		{"test/panic", pipeline.Panicked, nil},
		{"test/crash", pipeline.Crashed, nil},
		{"test/exit", pipeline.Crashed, nil},
		{"test/fail", "", nil},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if c.code == pipeline.Cancelled {
			time.AfterFunc(100*time.Millisecond, cancel)
		}
		_, _, err := newSite(t, processes()).do(ctx, c.kind)
		cancel()
		if err == nil || pipeline.CodeOf(err) != c.code {
			t.Errorf("%s: code %q of %v, want %q", c.kind, pipeline.CodeOf(err), err, c.code)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v is not %v", c.kind, err, c.is)
		}
		if c.is == nil && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, context.Canceled)) {
			t.Errorf("%s: %v is what it is not", c.kind, err)
		}
	}
}

func TestNoGPUIsGivenTwice(t *testing.T) {
	e := &Executor{Limits: pipeline.Limits{GPUs: 3}}
	one, err1 := e.takeGPUs(2)
	two, err2 := e.takeGPUs(1)
	if err1 != nil || err2 != nil || !slices.Equal(one, []int{0, 1}) || !slices.Equal(two, []int{2}) {
		t.Errorf("%v %v, %v %v", one, err1, two, err2)
	}
	if more, err := e.takeGPUs(1); err == nil {
		t.Errorf("%v is taken already", more)
	}
	e.giveBack(one)
	if again, err := e.takeGPUs(2); err != nil || !slices.Equal(again, one) {
		t.Errorf("%v, %v", again, err)
	}

	e = &Executor{Limits: pipeline.Limits{GPUs: 4}}
	var tasks sync.WaitGroup
	var mu sync.Mutex
	taken := map[int]bool{}
	for range 4 {
		tasks.Go(func() {
			for range 100 {
				gpus, err := e.takeGPUs(1)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if taken[gpus[0]] {
					t.Errorf("GPU %d is given twice", gpus[0])
				}
				taken[gpus[0]] = true
				mu.Unlock()
				mu.Lock()
				taken[gpus[0]] = false
				mu.Unlock()
				e.giveBack(gpus)
			}
		})
	}
	tasks.Wait()
}

func TestCapacityIsThatOfTheMachineWhereNothingIsSaid(t *testing.T) {
	e := &Executor{}
	if l := e.Capacity(); l.Cores != runtime.GOMAXPROCS(0) || l.Memory < 1<<60 || l.GPUs != 0 {
		t.Errorf("%+v", l)
	}
	e.Limits = pipeline.Limits{Cores: 3, Memory: 5, GPUs: 1}
	if l := e.Capacity(); l != e.Limits {
		t.Errorf("%+v", l)
	}
}
