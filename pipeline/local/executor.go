package local

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"

	"foil/internal/numeric"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/run"
)

// An Executor runs tasks on this machine. Each task has its own process, except tasks of Light
// kinds, which run in this process.
type Executor struct {
	Kinds []pipeline.Kind
	Store store.Store
	Env   *pipeline.Env // nil: an empty one

	// Limits are the resources of all tasks that run at the same time. Cores 0: all cores of the
	// machine. Memory 0: not limited.
	Limits pipeline.Limits

	// Numeric is the value of Site.Numeric for the tasks that run in this process.
	Numeric func(backend string, threads int) (numeric.Signature, error)

	// Processes start the tasks. Nil: all tasks run in this process, without a limit on their
	// cores.
	Processes *Processes

	mu   sync.Mutex
	busy map[int]bool // GPUs in use by tasks
}

// Capacity is the resources for all tasks that run at the same time.
func (e *Executor) Capacity() pipeline.Limits {
	l := e.Limits
	if l.Cores <= 0 {
		l.Cores = runtime.GOMAXPROCS(0)
	}
	if l.Memory <= 0 {
		l.Memory = math.MaxInt64
	}
	return l
}

// Run runs a task: see run.Executor.
func (e *Executor) Run(ctx context.Context, t *pipeline.Task, a run.Attempt, h pipeline.Hooks) (pipeline.Usage, error) {
	gpus, err := e.takeGPUs(t.Needs.GPUs)
	if err != nil {
		return pipeline.Usage{}, err
	}
	defer e.giveBack(gpus)
	env := e.Env
	if env == nil {
		env = &pipeline.Env{}
	}
	site := pipeline.Site{Env: env, GPUs: gpus, OutDir: a.Workspace.Out}
	var kind pipeline.Kind
	if i := slices.IndexFunc(e.Kinds, func(k pipeline.Kind) bool { return k.Name == t.Kind }); i >= 0 {
		kind = e.Kinds[i]
	}
	in := run.NewInputs(e.Store)
	if kind.Light { // it is too short for checkpoints, and opens what it reads
		return e.runHere(ctx, t, a, in, site, h, true)
	}
	paths, err := in.OpenAll(ctx, t)
	if err != nil {
		return pipeline.Usage{}, err
	}
	if site.WorkDir, err = in.Checkpoints(a.Workspace, h.OnNote); err != nil {
		return pipeline.Usage{}, err
	}
	if e.Processes == nil {
		return e.runHere(ctx, t, a, in, site, h, false)
	}
	o := order{Task: t, Site: site, Paths: paths}
	log, err := openLog(a.Workspace.Log)
	if err != nil {
		return pipeline.Usage{}, err
	}
	defer log.Close()
	var hold *os.File
	if l, ok := a.Lease.(store.Inheritable); ok {
		hold = l.Inherit()
	}
	usage, err := e.Processes.run(ctx, o, knowsAll && kind.RunsProgram, hold, log, h)
	return usage, in.Ended(ctx, err)
}

// runHere runs a task in this process.
func (e *Executor) runHere(ctx context.Context, t *pipeline.Task, a run.Attempt, in *run.Inputs, site pipeline.Site, h pipeline.Hooks, light bool) (pipeline.Usage, error) {
	log := &lazyLog{path: a.Workspace.Log}
	defer log.Close()
	site.Log = log
	site.Numeric = e.Numeric
	site.Open = func(f pipeline.File) (string, error) { return in.Open(ctx, f) }
	work := func() error { return t.Run(ctx, e.Kinds, site, h) }
	var usage pipeline.Usage
	var err error
	if light {
		usage.CPU, err = onOneThread(work)
	} else {
		err = work()
	}
	return usage, in.Ended(ctx, err)
}

// takeGPUs takes the first free GPUs. The run never asks for more than the machine has.
func (e *Executor) takeGPUs(n int) ([]int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var taken []int
	for i := 0; i < e.Limits.GPUs && len(taken) < n; i++ {
		if !e.busy[i] {
			taken = append(taken, i)
		}
	}
	if len(taken) < n {
		return nil, fmt.Errorf("%d GPUs are not free", n)
	}
	for _, i := range taken {
		if e.busy == nil {
			e.busy = map[int]bool{}
		}
		e.busy[i] = true
	}
	return taken, nil
}

func (e *Executor) giveBack(gpus []int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range gpus {
		delete(e.busy, i)
	}
}

func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
}

// A lazyLog is a log file that is created by the first write, because most light cells write
// nothing. It continues the log of an interrupted run.
type lazyLog struct {
	path string

	mu   sync.Mutex
	file *os.File
}

var _ io.WriteCloser = (*lazyLog)(nil)

func (l *lazyLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		var err error
		if l.file, err = openLog(l.path); err != nil {
			return 0, err
		}
	}
	return l.file.Write(p)
}

// Close closes the log if it was opened.
func (l *lazyLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
