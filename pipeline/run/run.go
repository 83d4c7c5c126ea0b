package run

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
)

// Run makes the missing cells of a plan. When a cell fails, only the cells that depend on it are
// skipped. With a Result, the error is a *FailedError or the cause that ended ctx. Without a
// Result, the error lists cells that ask for more than the capacity of the executor.
//
// A loop over ready cells owns all state. The cells run in goroutines, which get a job and send
// messages.
func Run(ctx context.Context, p *plan.Plan, opts Options) (*Result, error) {
	if opts.Worker != nil {
		if err := opts.Worker.prepare(); err != nil {
			return nil, err
		}
	} else if err := p.CheckLimits(opts.Executor.Capacity()); err != nil {
		return nil, err
	}
	x := newLoop(ctx, p, opts.withDefaults())
	defer close(x.ended)
	defer x.cancel()
	start := time.Now()
	x.opts.OnEvent(RunStarted{Plan: p})
	x.loop()

	r := &Result{Wall: time.Since(start), CPU: x.cpu, Remains: x.remains()}
	for _, c := range x.steps {
		r.Outcomes = append(r.Outcomes, &c.outcome)
	}
	r.count()
	failed := r.failures()
	x.opts.OnEvent(RunDone{Result: r})
	switch {
	case failed != nil:
		return r, failed
	case r.Stopped > 0 && ctx.Err() == nil && opts.Worker != nil:
		switch {
		case r.Remains:
			return r, ErrTooShort
		case x.isIdle():
			return r, ErrIdle
		}
		return r, ErrLeft
	case r.Stopped > 0:
		return r, cmp.Or(context.Cause(ctx), errors.New("the run ended before all cells were reached"))
	}
	return r, nil
}

// ErrLeft is the error of a worker that has made what it can, while there are cells that only other
// workers can make.
var ErrLeft = errors.New("the other cells need more cores, memory or GPUs than this worker has")

// ErrTooShort is the error of a worker that has made what it can, while there are cells that need more
// time than it has left.
var ErrTooShort = errors.New("the other cells need more time than this worker has left")

// ErrIdle is the error of a worker that has only waited for others during the time Worker.Idle.
var ErrIdle = errors.New("others make the other cells")

// A loop is the state of a run. It owns all steps.
type loop struct {
	ctx    context.Context
	cancel context.CancelFunc
	plan   *plan.Plan
	opts   Options
	steps  []*step // in the order of Graph.Nodes
	of     map[*graph.Node]*step
	host   string

	ready    queue
	open     int                          // cells without an outcome
	busy     int                          // jobs that occupy a worker
	making   int                          // jobs that run a cell; others look whether it is made
	active   time.Time                    // when a cell last began or ended here
	room     pipeline.Limits              // free resources of the machine
	waiting  map[*step]bool               // cells that others make; whether another run holds the lease
	poller   *poller                      // that looks at them; nil: there have been none
	ended    chan struct{}                // closed when the run has ended
	inFlight map[digest.Key]*step         // the step that is doing the work of a key
	parked   map[digest.Key][]*step       // steps that wait for the same work
	made     map[digest.Key]*store.Record // records of the cells of this run
	failed   map[digest.Key]*graph.Node   // keys whose work failed, and the node that failed
	cpu      time.Duration                // that jobs used
	messages chan message

	clock       int     // counts the starts and ends of jobs
	disturbed   int     // counts the jobs whose inputs changed while they ran
	interrupted bool    // a job was stopped
	aside       []*step // ready cells that wait for others: see keepApart
}

// A step is a planned cell during a run. Only the loop accesses it, except for progress.
type step struct {
	*plan.Cell
	company
	key      digest.Key
	lines    digest.KeyLines // of the key
	priority int
	pending  int             // number of dependencies that it waits for
	waiters  []*step         // cells that wait for it
	repairs  int             // how many times one of its inputs was found damaged for no known reason
	reason   string          // why it is made, if not for the reason of Lookup
	settled  bool            // the outcome is final
	reopened bool            // it was settled before, so it may no longer be as planned
	outdated bool            // it runs with inputs that have been made again, with another content
	making   bool            // its job runs it
	tooLong  bool            // for the time of this worker
	want     pipeline.Limits // resources that its job needs
	held     pipeline.Limits // resources that its job holds
	digest   digest.Digest   // of its output
	last     output          // when it was last settled
	outcome  Outcome
	progress atomic.Pointer[pipeline.Progress]
}

// An output is the content that the work of a key gave.
type output struct {
	key    digest.Key
	digest digest.Digest
}

func newLoop(ctx context.Context, p *plan.Plan, opts Options) *loop {
	ctx, cancel := context.WithCancel(ctx)
	x := &loop{
		ctx: ctx, cancel: cancel, plan: p, opts: opts, host: hostname(), room: opts.Executor.Capacity(),
		of:       make(map[*graph.Node]*step, len(p.Cells)),
		waiting:  map[*step]bool{},
		ended:    make(chan struct{}),
		inFlight: map[digest.Key]*step{},
		parked:   map[digest.Key][]*step{},
		made:     map[digest.Key]*store.Record{},
		failed:   map[digest.Key]*graph.Node{},
		messages: make(chan message),
		open:     len(p.Cells),
		active:   time.Now(),
	}
	for _, planned := range p.Cells {
		c := &step{Cell: planned, want: p.Options.Wants(planned.Node), outcome: Outcome{Node: planned.Node}}
		x.steps = append(x.steps, c)
		x.of[c.Node] = c
		for _, from := range c.needs(x) {
			from.waiters = append(from.waiters, c)
			c.pending++
		}
	}
	if opts.Worker != nil {
		x.order(opts.Worker)
	} else {
		x.setPriorities()
	}
	return x
}

// needs lists the dependencies of c, each once.
func (c *step) needs(x *loop) []*step {
	nodes := c.Node.Needs()
	list := make([]*step, len(nodes))
	for i, n := range nodes {
		list[i] = x.of[n]
	}
	return list
}

// setPriorities numbers the cells depth-first, so that the run finishes one chain of cells before
// it begins the next.
func (x *loop) setPriorities() {
	next := 1
	var visit func(c *step)
	visit = func(c *step) {
		if c.priority > 0 {
			return
		}
		for _, from := range c.needs(x) {
			visit(from)
		}
		c.priority = next
		next++
	}
	for _, c := range x.steps {
		if len(c.waiters) == 0 {
			visit(c)
		}
	}
}

// loop runs until every cell has an outcome, or until ctx is done and no cell runs.
func (x *loop) loop() {
	var first []*step
	for _, c := range x.steps {
		if c.pending == 0 {
			first = append(first, c)
		}
	}
	for _, c := range first {
		x.setReady(c)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for x.open > 0 {
		x.dispatch()
		if x.busy == 0 && (!x.waits() || x.isIdle()) {
			return
		}
		select {
		case m := <-x.messages:
			m.handle(x)
		case <-tick.C:
			x.showProgress()
		}
	}
}

// setReady queues a cell whose dependencies are all done. A planned hit needs no job.
func (x *loop) setReady(c *step) {
	if c.State == plan.Hit && !c.reopened && x.asPlanned(c) {
		r := cmp.Or(x.made[c.Key], c.Record) // an equal cell may have been made again
		if !x.opts.Deliver(c.Node) || x.intact(r) {
			c.key = c.Key
			x.settle(c, Outcome{Status: WasHit, Record: r})
			return
		}
	}
	x.ready.add(c)
}

// intact compares the outputs of a record with their digests. It stops when the run is cancelled.
func (x *loop) intact(r *store.Record) bool {
	return !slices.ContainsFunc(r.Outputs, func(f digest.File) bool { _, err := x.store().Fetch(x.ctx, f); return err != nil })
}

// asPlanned reports whether the inputs of c are the same as in the plan.
func (x *loop) asPlanned(c *step) bool {
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			if f := x.of[from]; !f.settled || f.digest != f.Content {
				return false
			}
		}
	}
	return true
}

// start starts a ready cell in a goroutine, unless the same work is running, has failed, or was
// done for another cell. It reports whether it started the cell.
func (x *loop) start(c *step) bool {
	if x.postpone(c) || x.keepApart(c) {
		return false
	}
	c.lines = x.linesOf(c)
	if key := c.lines.Key(); key != c.key {
		x.release(c) // it waited for another run with its old key
		c.key = key
	}
	c.outdated = false
	if cause := x.failed[c.key]; cause != nil {
		x.skip(c, cause)
		return false
	}
	if r := x.made[c.key]; r != nil && (!x.opts.Deliver(c.Node) || x.intact(r)) {
		x.settle(c, Outcome{Status: WasHit, Record: r})
		return false
	}
	if owner := x.inFlight[c.key]; owner != nil && owner != c {
		x.parked[c.key] = append(x.parked[c.key], c)
		return false
	}
	x.inFlight[c.key] = c
	if x.leaves(c) {
		x.leave(c)
		return false
	}
	x.hold(c)
	go x.newJob(c).do(x.ctx)
	return true
}

// linesOf are the key lines of a cell whose dependencies are settled.
func (x *loop) linesOf(c *step) digest.KeyLines {
	return plan.KeyLines(c.Node, x.plan.Options.Numeric, c.Sources, func(from *graph.Node) digest.Digest { return x.of[from].digest })
}

// postpone lets a ready cell wait again if, since it became ready, one of its inputs was found
// damaged by another cell. It skips the cell if that input could not be made again.
func (x *loop) postpone(c *step) bool {
	needs := c.needs(x)
	for _, from := range needs {
		if s := from.outcome.Status; from.settled && (s == WasFailed || s == WasSkipped) {
			x.release(c)
			x.skip(c, cmp.Or(from.outcome.Cause, from.Node))
			return true
		}
	}
	for _, from := range needs {
		if !from.settled {
			from.waiters = append(from.waiters, c)
			c.pending++
		}
	}
	if c.pending > 0 {
		x.release(c)
	}
	return c.pending > 0
}

func (x *loop) showProgress() {
	for _, c := range x.steps {
		if p := c.progress.Swap(nil); p != nil && !c.settled {
			x.opts.OnEvent(CellProgress{Node: c.Node, Key: c.key, Progress: *p})
		}
	}
}

func (x *loop) store() store.Store { return x.plan.Options.Store }

// fetch returns the path of a file of an artifact, after checking its content. The caller of Run
// may use it when the run has ended.
func (x *loop) fetch(f digest.File) (string, error) { return x.store().Fetch(context.Background(), f) }

func cellError(n *graph.Node, err error) *pipeline.CellError {
	return &pipeline.CellError{Cell: n.ID, Kind: n.Kind.Name, Err: err}
}
