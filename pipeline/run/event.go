package run

import (
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// An Event is a message about the progress of a run. All events of a run come from one goroutine,
// one after the other.
type Event interface{ isEvent() }

// RunStarted is the first event.
type RunStarted struct{ Plan *plan.Plan }

// CellStarted means that a cell starts to run.
type CellStarted struct {
	Node    *graph.Node
	Key     digest.Key
	Reason  string // why the cell is not a hit
	Resumes bool   // an interrupted run left checkpoints
}

// CellWaiting means that another run is making the same cell. It is sent a second time, with
// Orphan, if that run ended and something still holds its lease.
type CellWaiting struct {
	Node   *graph.Node
	Key    digest.Key
	Orphan *store.Orphan // the lease that is still held; nil: the other run is alive
}

// CellProgress is the progress of a running cell, at most ten times a second.
type CellProgress struct {
	Node     *graph.Node
	Key      digest.Key
	Progress pipeline.Progress
}

// CellNote is a message of a running cell to the user. It is not an error.
type CellNote struct {
	Node *graph.Node
	Key  digest.Key
	Text string
}

// CellRetried means that a try has failed, and the next one begins.
type CellRetried struct {
	Node       *graph.Node
	Key        digest.Key
	Err        error // error of the try that failed
	Try, Tries int   // number of the try that begins, and of all tries
}

// CellAgain means that a cell will run again, because its output is damaged, or because its inputs
// were damaged or changed.
type CellAgain struct {
	Node    *graph.Node
	Key     digest.Key // before it runs again
	WasDone bool       // CellDone or CellHit was sent for it
}

// CellHit means that the cell is in the cache.
type CellHit struct {
	Node   *graph.Node
	Key    digest.Key
	Record *store.Record
}

// CellDone means that a cell was made.
type CellDone struct {
	Node     *graph.Node
	Key      digest.Key
	Record   *store.Record
	Duration time.Duration
}

// CellFailed means that a cell failed.
type CellFailed struct {
	Node *graph.Node
	Key  digest.Key
	Err  error // a *pipeline.CellError
}

// CellSkipped means that a cell will not run because one of its dependencies failed.
type CellSkipped struct{ Node, Cause *graph.Node }

// RunDone is the last event.
type RunDone struct{ Result *Result }

func (RunStarted) isEvent()   {}
func (CellStarted) isEvent()  {}
func (CellWaiting) isEvent()  {}
func (CellProgress) isEvent() {}
func (CellNote) isEvent()     {}
func (CellRetried) isEvent()  {}
func (CellAgain) isEvent()    {}
func (CellHit) isEvent()      {}
func (CellDone) isEvent()     {}
func (CellFailed) isEvent()   {}
func (CellSkipped) isEvent()  {}
func (RunDone) isEvent()      {}
