package run

import (
	"context"
	"math"
	"time"

	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// An Executor runs tasks, on this machine or elsewhere. A task names its inputs by digest. The
// executor fetches them from the store that it shares with the run.
type Executor interface {
	// Capacity is the resources for all tasks that run at the same time.
	Capacity() pipeline.Limits

	// Run runs a task and waits for its end. When ctx is done, the task stops within seconds. The
	// error is the error of the kind, or describes how the task ended. It is an *InputError if
	// inputs are damaged, or changed while the task ran: see Inputs.
	Run(ctx context.Context, t *pipeline.Task, a Attempt, h pipeline.Hooks) (pipeline.Usage, error)
}

// An Attempt is the lease and the folders for one run of a task. The lease must last as long as any
// process of the task may write.
type Attempt struct {
	Lease     store.Lease
	Workspace *store.Workspace
}

// Options configure a run. None of them enters a key.
type Options struct {
	Executor Executor
	Workers  int    // cells in parallel; 0: as many as the executor's capacity allows
	Version  string // of the program, for records

	// CheckpointEvery is the value of Cell.CheckpointEvery.
	CheckpointEvery time.Duration

	// FailFast ends the run at the first failure: running cells are stopped, and no new cell
	// starts.
	FailFast bool

	// OnEvent receives all events, from one goroutine.
	OnEvent func(Event)

	// Worker makes the run one of several workers that share the cells of an experiment. Nil: the run
	// makes all cells that no other run makes.
	Worker *Worker

	// Deliver selects the cells whose artifacts the caller will read. Their content is checked even
	// on a hit, and made again if it is damaged. Nil: none.
	Deliver func(*graph.Node) bool
}

// withDefaults sets the defaults of missing options.
func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = math.MaxInt
	}
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	if o.Deliver == nil {
		o.Deliver = func(*graph.Node) bool { return false }
	}
	return o
}
