package pipeline

import (
	"cmp"
	"context"
	"errors"
	"foil/internal/digest"
	"sync/atomic"
	"time"
)

// Execute runs what the plan's cells need. A cell that fails stops only the
// cells that need it. The error is a *FailedError, or what ended ctx, with a
// Result; or there is no Result, because cells ask for more than the limits.
//
// A loop over ready cells owns all state; the cells themselves run in
// goroutines that are given a job and send messages.
func (p *Plan) Execute(ctx context.Context) (*Result, error) {
	if err := p.checkLimits(); err != nil {
		return nil, err
	}
	x := newExecutor(ctx, p)
	defer x.cancel()
	start := time.Now()
	x.opts.OnEvent(RunStarted{Plan: p})
	x.loop()

	r := &Result{Wall: time.Since(start)}
	for _, c := range x.cells {
		r.Outcomes = append(r.Outcomes, &c.outcome)
	}
	r.count()
	failed := r.failures()
	x.opts.OnEvent(RunDone{Result: r})
	switch {
	case failed != nil:
		return r, failed
	case r.Stopped > 0:
		return r, cmp.Or(context.Cause(ctx), errors.New("the run ended before all cells were reached"))
	}
	return r, nil
}

// An executor is a run.
type executor struct {
	ctx    context.Context
	cancel context.CancelFunc
	opts   Options
	cells  []*cell // in the order of Graph.Nodes
	of     map[*Node]*cell
	host   string

	ready    queue
	open     int                    // cells without an outcome
	busy     int                    // jobs that keep a worker busy
	room     Limits                 // what they leave of the machine
	gpus     []int                  // those that are free
	waiting  int                    // cells that wait for another run's lock
	inFlight map[digest.Key]*cell   // who is doing the work of a key
	parked   map[digest.Key][]*cell // who waits for the same work
	failed   map[digest.Key]*Node   // whose work failed
	messages chan message
}

// A cell is a node during a run. Only the loop touches it, but for progress.
type cell struct {
	*PlannedCell
	key      digest.Key
	keyText  string
	priority int
	pending  int     // cells that it waits for
	waiters  []*cell // cells that wait for it
	repairs  int     // how often one of its inputs was found damaged
	reason   string  // why it is made, if that is not what Lookup says
	settled  bool    // the outcome stands
	held     Limits  // what its job takes of the machine
	gpus     []int   // which ones these are
	digest   digest.Digest
	outcome  Outcome
	progress atomic.Pointer[Progress]
}

func newExecutor(ctx context.Context, p *Plan) *executor {
	ctx, cancel := context.WithCancel(ctx)
	x := &executor{
		ctx: ctx, cancel: cancel, opts: p.opts, host: hostname(), room: p.opts.Limits,
		of:       make(map[*Node]*cell, len(p.Cells)),
		inFlight: map[digest.Key]*cell{},
		parked:   map[digest.Key][]*cell{},
		failed:   map[digest.Key]*Node{},
		messages: make(chan message),
		open:     len(p.Cells),
	}
	for i := range x.room.GPUs {
		x.gpus = append(x.gpus, i)
	}
	for _, planned := range p.Cells {
		c := &cell{PlannedCell: planned, outcome: Outcome{Node: planned.Node}}
		x.cells = append(x.cells, c)
		x.of[c.Node] = c
		for _, from := range c.needs(x) {
			from.waiters = append(from.waiters, c)
			c.pending++
		}
	}
	x.setPriorities()
	return x
}

// needs lists the cells that c reads, each once.
func (c *cell) needs(x *executor) []*cell {
	var list []*cell
	seen := map[*cell]bool{}
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			if f := x.of[from]; !seen[f] {
				seen[f] = true
				list = append(list, f)
			}
		}
	}
	return list
}

// setPriorities numbers the cells depth-first, so that what is begun is
// brought to its end before the next thing is begun.
func (x *executor) setPriorities() {
	next := 1
	var visit func(c *cell)
	visit = func(c *cell) {
		if c.priority > 0 {
			return
		}
		for _, from := range c.needs(x) {
			visit(from)
		}
		c.priority = next
		next++
	}
	for _, c := range x.cells {
		if len(c.waiters) == 0 {
			visit(c)
		}
	}
}

// loop runs until every cell has an outcome, or ctx is done and nothing runs.
func (x *executor) loop() {
	var first []*cell
	for _, c := range x.cells {
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
		if x.busy+x.waiting == 0 {
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

// setReady queues a cell that waits for nothing any more. A hit that was
// planned needs no job.
func (x *executor) setReady(c *cell) {
	if c.State == Hit && !x.opts.Deliver(c.Node) && x.asPlanned(c) {
		c.key = c.Key
		x.settle(c, Outcome{Status: WasHit, Record: c.Record})
		return
	}
	x.ready.add(c)
}

// asPlanned says whether the inputs of c are those with which it was planned.
func (x *executor) asPlanned(c *cell) bool {
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			if f := x.of[from]; f.digest != f.artifact {
				return false
			}
		}
	}
	return true
}

// start gives a ready cell to a goroutine, unless the same work is being done,
// or has failed; it says whether it did.
func (x *executor) start(c *cell) bool {
	c.keyText = keyText(c.Node, x.opts.Backend, c.sources, func(from *Node) digest.Digest { return x.of[from].digest })
	c.key = digest.KeyOf(c.keyText)
	if cause := x.failed[c.key]; cause != nil {
		x.skip(c, cause)
		return false
	}
	if owner := x.inFlight[c.key]; owner != nil && owner != c {
		x.parked[c.key] = append(x.parked[c.key], c)
		return false
	}
	x.inFlight[c.key] = c
	x.hold(c)
	go x.newJob(c).do(x.ctx)
	return true
}

func (x *executor) showProgress() {
	for _, c := range x.cells {
		if p := c.progress.Swap(nil); p != nil && !c.settled {
			x.opts.OnEvent(CellProgress{Node: c.Node, Progress: *p})
		}
	}
}
