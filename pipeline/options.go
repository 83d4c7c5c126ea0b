package pipeline

import (
	"context"
	"math"
	"os"
	"time"

	"foil/internal/digest"
	"foil/internal/store/disk"
)

// Options say how a graph is run. None of them but Backend enters a key.
type Options struct {
	Cache   *disk.Cache
	Env     *Env   // nil: an empty one
	Backend string // of kinds that are Numeric
	Workers int    // cells at once; 0: as many as the limits allow
	Cores   int    // threads that a cell may keep busy whose stage does not say; 0: one
	Limits  Limits // of all cells that run at once
	Version string // of the program, for records

	// CheckpointEvery is what Cell.CheckpointEvery is set to.
	CheckpointEvery time.Duration

	// FailFast ends the run with the first failure: what runs is stopped, and
	// nothing new begins.
	FailFast bool

	// Spawn runs cells in processes of their own, but for those of kinds that are
	// Light. Nil: all cells run in this process, and keep to no number of cores.
	Spawn Spawn

	// OnEvent is told what happens, from one goroutine.
	OnEvent func(Event)

	// Deliver says of which cells the caller is going to read the artifact:
	// its content is checked even on a hit, and made again if it is damaged.
	// Nil: of none.
	Deliver func(*Node) bool
}

// Spawn starts a process that calls Task.Run, and waits for its end. When ctx is
// done, the process stops within seconds, whatever it is doing. Hold is open in
// the process for as long as it lives, where the system can do that: it is the
// lock of the cell, which must not end before a process that still writes. An
// error says what the kind returned or how the process came to its end, and is of
// no concern to other cells.
type Spawn func(ctx context.Context, t *Task, hold *os.File, h Hooks) (Usage, error)

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = &Env{}
	}
	if o.Cores <= 0 {
		o.Cores = 1
	}
	if o.Workers <= 0 {
		o.Workers = math.MaxInt
	}
	o.Limits = o.Limits.withDefaults()
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	if o.Deliver == nil {
		o.Deliver = func(*Node) bool { return false }
	}
	return o
}

// openFile returns where a file of an artifact lies, with its content checked.
func (o Options) openFile(f File) (string, error) { return o.Cache.Object(digest.File(f)) }
