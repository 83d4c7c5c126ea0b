package run

import (
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// An Event tells what happens in a run. All events of a run come from one
// goroutine, one after the other.
type Event interface{ isEvent() }

// RunStarted is the first event.
type RunStarted struct{ Plan *plan.Plan }

// CellStarted says that a cell is being made.
type CellStarted struct {
	Node    *graph.Node
	Key     digest.Key
	Reason  string // why it is not a hit
	Resumes bool   // an interrupted run left checkpoints
}

// CellWaiting says that another run is making the same cell; and once more, that
// this one has ended, and left something behind that is waited for.
type CellWaiting struct {
	Node   *graph.Node
	Key    digest.Key
	Orphan *store.Orphan // what that holds; nil: the run is there
}

// CellProgress says how far a running cell is, at most ten times a second.
type CellProgress struct {
	Node     *graph.Node
	Progress pipeline.Progress
}

// CellNote is what a running cell says to people: nothing that stops it, but
// something to know.
type CellNote struct {
	Node *graph.Node
	Text string
}

// CellRetried says that a try has failed, and that another one begins.
type CellRetried struct {
	Node       *graph.Node
	Err        error // of the one that failed
	Try, Tries int   // the one that begins, of how many
}

// CellHit says that a cell is there already.
type CellHit struct {
	Node   *graph.Node
	Key    digest.Key
	Record *store.Record
}

// CellDone says that a cell was made.
type CellDone struct {
	Node     *graph.Node
	Key      digest.Key
	Record   *store.Record
	Duration time.Duration
}

// CellFailed says that a cell could not be made.
type CellFailed struct {
	Node *graph.Node
	Err  error // a *pipeline.CellError
}

// CellSkipped says that a cell will not run because of another one that failed.
type CellSkipped struct{ Node, Cause *graph.Node }

// RunDone is the last event.
type RunDone struct{ Result *Result }

func (RunStarted) isEvent()   {}
func (CellStarted) isEvent()  {}
func (CellWaiting) isEvent()  {}
func (CellProgress) isEvent() {}
func (CellNote) isEvent()     {}
func (CellRetried) isEvent()  {}
func (CellHit) isEvent()      {}
func (CellDone) isEvent()     {}
func (CellFailed) isEvent()   {}
func (CellSkipped) isEvent()  {}
func (RunDone) isEvent()      {}
