package run

import (
	"context"
	"math"
	"strings"
	"time"

	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// An Executor runs tasks somewhere. A task names its inputs by digest: the executor
// fetches them from the store that it shares with the run.
type Executor interface {
	// Capacity is what tasks that run at once may take together.
	Capacity() pipeline.Limits

	// Run runs a task and waits for its end. When ctx is done, the task stops within
	// seconds. The error says what the kind returned or how the task came to its end; it
	// is an *InputError where inputs are not what they should be.
	Run(ctx context.Context, t *pipeline.Task, a Attempt, h pipeline.Hooks) (pipeline.Usage, error)
}

// An Attempt is where a task is run: the lease of its key, which must last for as long as
// anything of the task writes, and the folders.
type Attempt struct {
	Lease     store.Lease
	Workspace *store.Workspace
}

// An InputError says which inputs of a task are damaged. The cells that made them have to
// be made again.
type InputError struct{ Damaged []*store.DamagedError }

func (e *InputError) Error() string {
	texts := make([]string, len(e.Damaged))
	for i, d := range e.Damaged {
		texts[i] = d.Error()
	}
	return "input " + strings.Join(texts, "; ")
}

// Options say how a plan is run. None of them enters a key.
type Options struct {
	Executor Executor
	Workers  int    // cells at once; 0: as many as the executor's capacity allows
	Version  string // of the program, for records

	// CheckpointEvery is what Cell.CheckpointEvery is set to.
	CheckpointEvery time.Duration

	// FailFast ends the run with the first failure: what runs is stopped, and
	// nothing new begins.
	FailFast bool

	// OnEvent is told what happens, from one goroutine.
	OnEvent func(Event)

	// Deliver says of which cells the caller is going to read the artifact:
	// its content is checked even on a hit, and made again if it is damaged.
	// Nil: of none.
	Deliver func(*graph.Node) bool
}

// withDefaults fills what was left out.
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
