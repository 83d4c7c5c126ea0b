package run

import (
	"fmt"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// A Result is the result of a run.
type Result struct {
	Outcomes []*Outcome // in the order of Graph.Nodes

	Hits, Made, Failed, Skipped int
	Stopped                     int  // not reached before the run was cancelled
	Remains                     bool // of those, the run would have gone on with some: others do not make them
	Wall                        time.Duration

	CPU     time.Duration // of all cells that ran, also of those that failed or were stopped, as far as known
	Largest *Outcome      // the made cell with the largest peak memory; nil: not known

	of map[string]*Outcome // by the name of the cell
}

// An Outcome is the result of a cell.
type Outcome struct {
	Node     *graph.Node
	Status   Status
	Key      digest.Key          // zero if the cell was not reached
	Artifact pipeline.Artifact   // of WasHit and WasMade
	Record   *store.Record       // of WasHit and WasMade
	Duration time.Duration       // of WasMade and WasFailed
	Err      *pipeline.CellError // of WasFailed
	Cause    *graph.Node         // of WasSkipped: the cell that failed
}

// A Status is the way in which a cell ended.
type Status int

const (
	WasStopped Status = iota // not reached, or interrupted
	WasHit
	WasMade
	WasFailed
	WasSkipped // a dependency failed
)

func (s Status) String() string {
	return [...]string{"stopped", "hit", "made", "failed", "skipped"}[s]
}

// Of returns the outcome of a cell, or nil if it was not part of the run.
func (r *Result) Of(id string) *Outcome { return r.of[id] }

// count sets the numbers, and prepares Of.
func (r *Result) count() {
	r.of = make(map[string]*Outcome, len(r.Outcomes))
	for _, o := range r.Outcomes {
		r.of[o.Node.ID] = o
		switch o.Status {
		case WasHit:
			r.Hits++
		case WasMade:
			r.Made++
			if m := o.Record.PeakMemory; m > 0 && (r.Largest == nil || m > r.Largest.Record.PeakMemory) {
				r.Largest = o
			}
		case WasFailed:
			r.Failed++
		case WasSkipped:
			r.Skipped++
		default:
			r.Stopped++
		}
	}
}

// failures lists the failed cells, each with the cells that were skipped because of it. It is nil
// if no cell failed.
func (r *Result) failures() *FailedError {
	if r.Failed == 0 {
		return nil
	}
	e := &FailedError{Skipped: r.Skipped}
	of := map[*graph.Node]*pipeline.CellError{}
	for _, o := range r.Outcomes {
		if o.Status == WasFailed {
			c := o.Err
			of[o.Node] = c
			e.Cells = append(e.Cells, c)
		}
	}
	for _, o := range r.Outcomes {
		if c := of[o.Cause]; o.Status == WasSkipped && c != nil {
			c.Skipped = append(c.Skipped, o.Node.ID)
		}
	}
	return e
}

// A FailedError lists the failed cells of a run.
type FailedError struct {
	Cells   []*pipeline.CellError // in the order of Graph.Nodes
	Skipped int
}

func (e *FailedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s failed", words.Count(len(e.Cells), "cell"))
	if e.Skipped > 0 {
		fmt.Fprintf(&b, "; %s skipped because of that", words.Count(e.Skipped, "cell"))
	}
	const many = 20
	for i, c := range e.Cells {
		if i == many {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Cells)-many)
			break
		}
		b.WriteString("\n  ")
		b.WriteString(strings.ReplaceAll(c.Error(), "\n", "\n  "))
		if len(c.Skipped) > 0 {
			b.WriteString("\n    skipped because of it: " + words.Few(c.Skipped))
		}
	}
	return b.String()
}

// Unwrap lets errors.As and errors.Is inspect the errors of all cells.
func (e *FailedError) Unwrap() []error {
	list := make([]error, len(e.Cells))
	for i, c := range e.Cells {
		list[i] = c
	}
	return list
}
