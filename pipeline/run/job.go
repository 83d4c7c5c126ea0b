package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
)

// A job is a ready step and its data, in a goroutine of its own.
type job struct {
	*step
	opts     Options
	store    store.Store
	host     string
	messages chan<- message
	deliver  bool

	task   *pipeline.Task
	inputs []store.Input                   // for the record
	made   map[digest.Digest][]*graph.Node // the nodes that made the content of an input

	spent time.Duration // processor time of all tries

	mu      sync.Mutex
	timings []store.Timing
	numeric *numeric.Signature
}

// newJob is called by the loop.
func (x *loop) newJob(c *step) *job {
	j := &job{
		step: c, opts: x.opts, store: x.store(), host: x.host, messages: x.messages, deliver: x.opts.Deliver(c.Node),
		made: x.contents(c),
	}
	c.reads = j.made
	kind := c.Node.Kind
	j.task = &pipeline.Task{
		Cell: c.Node.ID, Kind: kind.Name, Version: kind.Version, Needs: c.held, Sources: c.Sources,
		CheckpointEvery: x.opts.CheckpointEvery,
	}
	// A task contains only data that is part of the key.
	if kind.Draws {
		j.task.Seed = c.Node.Seed
	}
	if kind.Numeric {
		j.task.Backend = x.plan.Options.Numeric.Backend
	}
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			f := x.of[from]
			input := pipeline.TaskInput{Name: in.Name, Gathered: in.Gathered, Files: f.outcome.Artifact.Files}
			if in.Gathered {
				input.Axes = from.Axes
			}
			j.task.Inputs = append(j.task.Inputs, input)
			j.inputs = append(j.inputs, store.Input{Name: in.Name, Cell: from.ID, Key: f.key, Digest: f.digest})
		}
	}
	return j
}

// do makes sure that the cell is in the store, and sends the result to the loop.
func (j *job) do(ctx context.Context) {
	// This message is sent if the kind ends the goroutine.
	var m message = failed{cell: j.step, err: errors.New("the kind ended its goroutine")}
	defer func() {
		j.messages <- spent{j.spent}
		j.messages <- m
	}()
	m = j.makeOrFind(ctx)
	if f, ok := m.(failed); ok && ctx.Err() != nil && errors.Is(f.err, ctx.Err()) {
		m = stopped{j.step} // the run was cancelled during a call of the store
	}
}

func (j *job) makeOrFind(ctx context.Context) message {
	if r, _, err := j.lookup(ctx); err != nil {
		return failed{cell: j.step, err: err}
	} else if r != nil {
		return finished{cell: j.step, status: WasHit, record: r}
	}
	lease, err := j.store.Acquire(ctx, j.key)
	if errors.Is(err, store.ErrHeld) {
		return held{j.step}
	} else if err != nil {
		return failed{cell: j.step, err: err}
	}
	defer lease.Release()
	r, miss, err := j.lookup(ctx) // again: another run may have made the cell in the meantime
	if err != nil {
		return failed{cell: j.step, err: err}
	} else if r != nil {
		return finished{cell: j.step, status: WasHit, record: r}
	}
	if w := j.opts.Worker; w != nil {
		f, err := w.failure(j.key)
		if err != nil {
			return failed{cell: j.step, err: err}
		} else if f != nil {
			return failed{cell: j.step, err: elsewhere(f), log: f.Log}
		}
	}
	return j.make(ctx, lease, miss.Reason)
}

// lookup is Store.Lookup. It also checks the content of cells that the caller will read
// (Options.Deliver).
func (j *job) lookup(ctx context.Context) (*store.Record, store.Miss, error) {
	r, miss, err := j.store.Lookup(ctx, j.key)
	if r == nil || !j.deliver {
		return r, miss, err
	}
	for _, f := range r.Outputs {
		if _, err := j.store.Fetch(ctx, f); err != nil {
			return nil, store.Broken("its output " + err.Error()), nil
		}
	}
	return r, store.Miss{}, nil
}

// make runs the kind and publishes its output.
func (j *job) make(ctx context.Context, lease store.Lease, reason string) message {
	if err := j.task.SetParams(j.Node.Params); err != nil {
		return failed{cell: j.step, err: err}
	}
	began := time.Now()
	work, err := lease.Begin()
	if err != nil {
		return failed{cell: j.step, err: err}
	}
	if w := j.opts.Worker; w != nil && work.Stalled >= manyStalled {
		err := &StalledError{work.Stalled}
		_ = lease.Fail(err) // for the other workers
		return failed{cell: j.step, err: err, log: written(work.Log)}
	}
	if !work.Resumes {
		os.Remove(work.Log)
	}
	j.messages <- started{cell: j.step, reason: reason, resumes: work.Resumes}
	leased, cancel := whileHeld(ctx, lease)
	defer cancel()

	late, cancel := withGrace(ctx, grace)
	defer cancel()

	r, work, err := j.tries(leased, lease, work)
	wall := r.Wall()
	if w := j.opts.Worker; w != nil && err != nil && leased.Err() == nil {
		select {
		case <-leased.Done():
		case <-time.After(w.Settle):
		}
	}
	var inputs *InputError
	if errors.As(err, &inputs) {
		d := disturbed{cell: j.step, inputs: j.damagedNodes(inputs), changed: inputs.Changed, err: err, log: written(work.Log), duration: wall}
		if d.changed != nil {
			_ = lease.Fail(err) // for foil status, unless the cell runs again
			return d
		}
		// No node: the executor named a file that is not an input of the task, so no cell can make
		// it again.
		if len(d.inputs) > 0 {
			return d
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		if w := j.opts.Worker; w != nil {
			w.spare(lease, began)
		}
		return stopped{j.step}
	case err != nil && leased.Err() != nil:
		err = context.Cause(leased)
	case err == nil:
		// Finished work is kept even if the run has just been cancelled, unless it is so large that
		// the run would not end in time.
		err = lease.Publish(late, work, r)
		if err != nil && late.Err() != nil {
			return stopped{j.step}
		}
	}
	if errors.Is(err, store.ErrLost) {
		return held{j.step} // another run may make it now: this one waits for the result
	}
	if err != nil {
		_ = lease.Fail(err) // for foil status; the same error is returned here
		return failed{cell: j.step, err: err, log: written(work.Log), duration: wall}
	}
	return finished{cell: j.step, status: WasMade, record: r, duration: wall}
}

// grace is the time that is left for checking the inputs of finished work and for publishing it,
// after a run was cancelled. A run must end within two seconds.
const grace = 1500 * time.Millisecond

// withGrace returns a context that ends some time after ctx.
func withGrace(ctx context.Context, d time.Duration) (context.Context, func()) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return late, func() {
		stop()
		cancel()
	}
}

// whileHeld returns a context that ends when the lease is lost, because another run may then make
// the key.
func whileHeld(ctx context.Context, lease store.Lease) (context.Context, func()) {
	held, cancel := context.WithCancelCause(ctx)
	if lost := lease.Lost(); lost != nil {
		go func() {
			select {
			case <-lost:
				cancel(store.ErrLost)
			case <-held.Done():
			}
		}()
	}
	return held, func() { cancel(nil) }
}

// damagedNodes lists the nodes that must be made again.
func (j *job) damagedNodes(err *InputError) map[*graph.Node]*store.DamagedError {
	nodes := map[*graph.Node]*store.DamagedError{}
	for _, d := range err.Damaged {
		if from := j.made[d.File.Digest]; from != nil {
			nodes[from[len(from)-1]] = d // one restores the content for all of them
		}
	}
	return nodes
}

// tries runs the kind until it succeeds or the retries of its stage are used up. Checkpoints are
// kept from one try to the next. The record and the workspace belong to the last try.
func (j *job) tries(ctx context.Context, lease store.Lease, work *store.Workspace) (*store.Record, *store.Workspace, error) {
	all := 1 + j.Node.Stage.Resources.Retries
	for try := 1; ; try++ {
		start := time.Now()
		usage, err := j.try(ctx, Attempt{lease, work})
		j.spent += usage.CPU
		r := j.record(start, time.Since(start), usage)
		var inputs *InputError
		switch {
		case err == nil || all == 1 || ctx.Err() != nil || errors.As(err, &inputs):
			return r, work, err
		case try == all:
			return r, work, fmt.Errorf("%d tries failed; last error: %w", all, err)
		}
		appendLog(work.Log, fmt.Sprintf("try %d of %d: %v\n", try, all, err))
		j.messages <- retried{cell: j.step, err: err, try: try + 1}
		next, err := lease.Begin()
		if err != nil {
			return r, work, err
		}
		work = next
	}
}

// try runs the kind once, within the timeout of its stage.
func (j *job) try(ctx context.Context, a Attempt) (pipeline.Usage, error) {
	j.mu.Lock()
	j.timings, j.numeric = nil, nil
	j.mu.Unlock()
	hooks := pipeline.Hooks{
		OnProgress: func(p pipeline.Progress) { j.progress.Store(&p) },
		OnNote:     func(text string) { j.messages <- noted{j.step, text} },
		OnTiming: func(name string, d time.Duration) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.timings = append(j.timings, store.Timing{Name: name, Seconds: d.Seconds()})
		},
		OnNumeric: func(s numeric.Signature) {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.numeric = &s
		},
	}
	if err := j.prepare(ctx); err != nil {
		return pipeline.Usage{}, err
	}
	limit := j.Node.Stage.Resources.Timeout
	if limit == 0 {
		usage, err := j.opts.Executor.Run(ctx, j.task, a, hooks)
		return usage, j.judge(err)
	}
	late := fmt.Errorf("stopped after %s, the timeout of stage %q", timeText(limit), j.Node.Stage.Name)
	limited, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	usage, err := j.opts.Executor.Run(limited, j.task, a, hooks)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		var inputs *InputError // which says more than the timeout
		if !errors.As(err, &inputs) {
			err = late
		} else if inputs.Err != nil {
			inputs.Err = late
		}
	}
	return usage, j.judge(err)
}

// prepare gets the inputs from a distant store. A kind that is not light reads all of them.
func (j *job) prepare(ctx context.Context) error {
	s, ok := j.store.(store.Distant)
	if !ok {
		return nil
	}
	if damaged := s.Prepare(ctx, j.task.Files(), !j.Node.Kind.Light); damaged != nil && ctx.Err() == nil {
		return &InputError{Damaged: damaged}
	}
	return ctx.Err()
}

// judge returns the error of a task, without an *InputError for inputs that have not changed.
func (j *job) judge(err error) error {
	var inputs *InputError
	if !errors.As(err, &inputs) || inputs.Doubtful == nil || inputs.Changed != nil {
		return err
	}
	answer := make(chan bool)
	j.messages <- doubt{j.step, inputs.Doubtful, answer}
	if <-answer {
		return inputs.Err
	}
	inputs.Changed = inputs.Doubtful
	return err
}

func (j *job) record(start time.Time, wall time.Duration, usage pipeline.Usage) *store.Record {
	j.mu.Lock() // goroutines that the kind started may still run
	defer j.mu.Unlock()
	return &store.Record{
		KeyText:     j.lines.Text(),
		Kind:        j.Node.Kind.Name,
		Version:     j.Node.Kind.Version,
		Seed:        j.Node.Seed,
		Inputs:      j.inputs,
		Cell:        j.Node.ID,
		Params:      j.Node.With().String(),
		Started:     start.UTC(),
		WallSeconds: wall.Seconds(),
		CPUSeconds:  usage.CPU.Seconds(),
		PeakMemory:  usage.PeakMemory,
		Timings:     slices.Clone(j.timings),
		Numeric:     j.numeric,
		Host:        j.host,
		Foil:        j.opts.Version,
		Go:          runtime.Version(),
	}
}

// hostname is the name of this machine, as a record may have it.
func hostname() string {
	name, _ := os.Hostname()
	if digest.CheckText(name) != nil {
		return strconv.Quote(name)
	}
	return name
}

// appendLog adds a line to a cell's log. Errors are ignored: a log must not stop a run.
func appendLog(path, text string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err == nil {
		f.WriteString(text)
		f.Close()
	}
}

// written is the path of a log, or "" if nothing was written.
func written(path string) string {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return ""
	}
	return path
}

// timeText writes 1h30m instead of 1h30m0s.
func timeText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
