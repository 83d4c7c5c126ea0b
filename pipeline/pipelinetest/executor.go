package pipelinetest

import (
	"context"
	"encoding/json"
	"os"
	"sync"

	"foil/pipeline"
	"foil/pipeline/run"
)

// An Executor runs the tasks of a bench in this process, after serializing and parsing them, like
// an executor on another machine. It records its tasks.
type Executor struct {
	Usage pipeline.Usage // of every task

	// Instead is called before a task runs. It may return an error, or wait. Nil: no call.
	Instead func(ctx context.Context, t *pipeline.Task, a run.Attempt) error

	bench *Bench

	mu        sync.Mutex
	tasks     []*pipeline.Task
	now, most pipeline.Limits
}

var _ run.Executor = (*Executor)(nil)

// NewExecutor makes an executor that has the bench's limits, and gives it to the bench.
func (b *Bench) NewExecutor() *Executor {
	e := &Executor{bench: b}
	b.Running.Executor = e
	return e
}

// Capacity is the limits of the bench.
func (e *Executor) Capacity() pipeline.Limits { return e.bench.Limits }

// Tasks are the tasks that were run, as parsed from their text.
func (e *Executor) Tasks() []*pipeline.Task {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tasks
}

// Most is the peak of each amount over all parallel tasks.
func (e *Executor) Most() pipeline.Limits {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.most
}

// Run runs a task with nothing but its text and the store.
func (e *Executor) Run(ctx context.Context, t *pipeline.Task, a run.Attempt, h pipeline.Hooks) (pipeline.Usage, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return pipeline.Usage{}, err
	}
	sent := new(pipeline.Task)
	if err := json.Unmarshal(text, sent); err != nil {
		return pipeline.Usage{}, err
	}
	e.begin(sent)
	defer e.end(sent)
	if e.Instead != nil {
		if err := e.Instead(ctx, sent, a); err != nil {
			return e.Usage, err
		}
	}
	in := run.NewInputs(e.bench.Store)
	if _, err := in.OpenAll(ctx, sent); err != nil {
		return e.Usage, err
	}
	workDir, err := in.Checkpoints(a.Workspace, h.OnNote)
	if err != nil {
		return e.Usage, err
	}
	log, err := os.OpenFile(a.Workspace.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return e.Usage, err
	}
	defer log.Close()
	env := e.bench.Planned.Env
	if env == nil {
		env = &pipeline.Env{}
	}
	site := pipeline.Site{
		Env: env, OutDir: a.Workspace.Out, WorkDir: workDir, Log: log,
		Open: func(f pipeline.File) (string, error) { return in.Open(ctx, f) },
	}
	return e.Usage, in.Ended(ctx, sent.Run(ctx, e.bench.Kinds(), site, h))
}

func (e *Executor) begin(t *pipeline.Task) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tasks = append(e.tasks, t)
	e.now = e.now.Plus(t.Needs)
	e.most = pipeline.Limits{
		Cores: max(e.most.Cores, e.now.Cores), Memory: max(e.most.Memory, e.now.Memory), GPUs: max(e.most.GPUs, e.now.GPUs),
	}
}

func (e *Executor) end(t *pipeline.Task) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Minus(t.Needs)
}
