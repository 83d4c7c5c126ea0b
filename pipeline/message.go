package pipeline

import (
	"fmt"
	"foil/internal/store"
	"time"
)

// A message tells the loop what became of a job. The loop handles it, so that
// no state is shared.
type message interface{ handle(x *executor) }

// started: the kind is about to run.
type started struct {
	cell    *cell
	reason  string
	resumes bool
}

func (m started) handle(x *executor) {
	if m.cell.reason != "" {
		m.reason = m.cell.reason
	}
	x.opts.OnEvent(CellStarted{Node: m.cell.Node, Key: m.cell.key, Reason: m.reason, Resumes: m.resumes})
}

// noted: the cell has something to say to people.
type noted struct {
	cell *cell
	text string
}

func (m noted) handle(x *executor) { x.opts.OnEvent(CellNote{Node: m.cell.Node, Text: m.text}) }

// retried: a try failed, and another one begins.
type retried struct {
	cell *cell
	err  error
	try  int
}

func (m retried) handle(x *executor) {
	x.opts.OnEvent(CellRetried{Node: m.cell.Node, Err: m.err, Try: m.try, Tries: 1 + m.cell.Node.Stage.Resources.Retries})
}

// finished: the cell is in the cache.
type finished struct {
	cell     *cell
	status   Status
	record   *store.Record
	duration time.Duration
}

func (m finished) handle(x *executor) {
	x.free(m.cell)
	x.settle(m.cell, Outcome{Status: m.status, Record: m.record, Duration: m.duration})
	x.release(m.cell)
}

// failed: the cell could not be made.
type failed struct {
	cell     *cell
	err      error
	log      string
	duration time.Duration
}

func (m failed) handle(x *executor) {
	x.free(m.cell)
	x.fail(m.cell, Outcome{Err: &CellError{Node: m.cell.Node, Err: m.err, Log: m.log}, Duration: m.duration})
	x.release(m.cell)
}

// stopped: the run was cancelled.
type stopped struct{ cell *cell }

func (m stopped) handle(x *executor) { x.free(m.cell) }

// maxRepairs bounds how often the inputs of one cell are made again.
const maxRepairs = 3

// damaged: artifacts that the cell read do not have the content they should have.
type damaged struct {
	cell   *cell
	inputs map[*Node]*store.DamagedError
}

func (m damaged) handle(x *executor) {
	if m.cell.repairs++; m.cell.repairs > maxRepairs {
		for from, err := range m.inputs {
			failed{cell: m.cell, err: fmt.Errorf("input %s was made again %d times and is damaged still: %w", from.ID, maxRepairs, err)}.handle(x)
			return
		}
	}
	x.free(m.cell)
	x.release(m.cell)
	x.remake(m.cell, m.inputs)
}
