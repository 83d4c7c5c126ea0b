package pipeline

import (
	"context"
	"errors"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"foil/internal/store"
	"foil/internal/store/disk"
)

// A job is a ready cell in the hands of a goroutine, with all that it needs.
type job struct {
	*cell
	opts     Options
	host     string
	messages chan<- message
	deliver  bool

	inputs   map[string]Artifact
	gathered map[string][]GatheredCell
	read     []store.Input // for the record

	mu      sync.Mutex
	damaged map[*Node]*store.DamagedError
	timings []store.Timing
}

// newJob is called by the loop.
func (x *executor) newJob(c *cell) *job {
	j := &job{
		cell: c, opts: x.opts, host: x.host, messages: x.messages, deliver: x.opts.Deliver(c.Node),
		inputs:   map[string]Artifact{},
		gathered: map[string][]GatheredCell{},
		damaged:  map[*Node]*store.DamagedError{},
	}
	for _, in := range c.Node.Inputs {
		for _, from := range in.From {
			f := x.of[from]
			a := Artifact{Files: f.outcome.Artifact.Files, Open: j.opener(from)}
			if in.Gathered {
				j.gathered[in.Name] = append(j.gathered[in.Name], GatheredCell{Axes: from.Axes, Artifact: a})
			} else {
				j.inputs[in.Name] = a
			}
			j.read = append(j.read, store.Input{Name: in.Name, Cell: from.ID, Key: f.key, Digest: f.digest})
		}
	}
	return j
}

// opener notes what a kind finds damaged, whatever it makes of the error.
func (j *job) opener(from *Node) func(File) (string, error) {
	return func(f File) (string, error) {
		path, err := j.opts.openFile(f)
		var damaged *store.DamagedError
		if errors.As(err, &damaged) {
			j.mu.Lock()
			j.damaged[from] = damaged
			j.mu.Unlock()
		}
		return path, err
	}
}

// do sees to it that the cell is in the cache, and says so to the loop.
func (j *job) do(ctx context.Context) {
	// What is sent should the kind end the goroutine.
	var m message = failed{cell: j.cell, err: errors.New("the kind ended its goroutine")}
	defer func() { j.messages <- m }()
	m = j.makeOrFind(ctx)
}

func (j *job) makeOrFind(ctx context.Context) message {
	if r, _, err := j.lookup(); err != nil {
		return failed{cell: j.cell, err: err}
	} else if r != nil {
		return finished{cell: j.cell, status: WasHit, record: r}
	}
	lock, err := j.opts.Cache.TryLock(j.key)
	if errors.Is(err, store.ErrHeld) {
		return locked{j.cell}
	} else if err != nil {
		return failed{cell: j.cell, err: err}
	}
	defer lock.Unlock()
	r, reason, err := j.lookup() // again: until now another run may have made it
	if err != nil {
		return failed{cell: j.cell, err: err}
	} else if r != nil {
		return finished{cell: j.cell, status: WasHit, record: r}
	}
	return j.make(ctx, lock, reason)
}

// lookup is Cache.Lookup, and reads what is to be delivered.
func (j *job) lookup() (*store.Record, string, error) {
	r, reason, err := j.opts.Cache.Lookup(j.key)
	if r == nil || !j.deliver {
		return r, reason, err
	}
	for _, f := range r.Outputs {
		if _, err := j.opts.Cache.Object(f); err != nil {
			return nil, "its output " + err.Error(), nil
		}
	}
	return r, "", nil
}

// make runs the kind and publishes what it wrote.
func (j *job) make(ctx context.Context, lock *disk.Lock, reason string) message {
	work, err := lock.Begin()
	if err != nil {
		return failed{cell: j.cell, err: err}
	}
	resumes := work.Resumes()
	if !resumes {
		os.Remove(work.Log)
	}
	j.messages <- started{cell: j.cell, reason: reason, resumes: resumes}

	log := &logFile{path: work.Log}
	r, err := j.tries(ctx, lock, work, log)
	log.close()
	j.mu.Lock() // a kind may have left goroutines behind
	defer j.mu.Unlock()
	wall := r.Wall()
	switch {
	case len(j.damaged) > 0:
		return damaged{j.cell, maps.Clone(j.damaged)}
	case err != nil && ctx.Err() != nil:
		return stopped{j.cell}
	case err == nil:
		r.Timings = slices.Clone(j.timings)
		err = work.Publish(r)
	}
	if err != nil {
		_ = work.Fail(err) // for foil status: what is returned here says it as well
		return failed{cell: j.cell, err: err, log: log.written(), duration: wall}
	}
	return finished{cell: j.cell, status: WasMade, record: r, duration: wall}
}

// run runs the kind, in a process of its own where there is a way to start one.
func (j *job) run(ctx context.Context, work *disk.Work, log *logFile, lock *disk.Lock) (Usage, error) {
	kind := j.Node.Kind
	cell, err := j.newCell(work)
	if err != nil {
		return Usage{}, err
	}
	if j.opts.Spawn == nil || kind.Light {
		cell.OnLog = log
		if !kind.Light {
			return Usage{}, kind.call(ctx, cell)
		}
		cpu, err := onOneThread(func() error { return kind.call(ctx, cell) })
		return Usage{CPU: cpu}, err
	}
	task, err := newTask(j.Node, cell)
	if err != nil {
		return Usage{}, err
	}
	file, err := log.open()
	if err != nil {
		return Usage{}, err
	}
	return j.opts.Spawn(ctx, task, lock.File(), Hooks{
		OnProgress: cell.OnProgress, OnNote: cell.OnNote, OnTiming: cell.OnTiming, Log: file,
	})
}

// newCell makes what the kind is given.
func (j *job) newCell(work *disk.Work) (*Cell, error) {
	// Cells with equal parameters do not share them: a kind may change its own.
	params, err := j.Node.Kind.Decode(j.Node.with)
	if err != nil {
		return nil, err
	}
	cell := &Cell{
		ID:       j.Node.ID,
		Params:   params.Values,
		Inputs:   j.inputs,
		Gathered: j.gathered,
		Sources:  j.sources,
		Env:      j.opts.Env,
		Cores:    j.held.Cores,
		GPUs:     j.gpus,
		OutDir:   work.Out,
		WorkDir:  work.Checkpoint,

		CheckpointEvery: j.opts.CheckpointEvery,

		OnProgress: func(p Progress) { j.progress.Store(&p) },
		OnNote:     func(text string) { j.messages <- noted{j.cell, text} },
		OnTiming: func(name string, d time.Duration) {
			j.mu.Lock()
			j.timings = append(j.timings, store.Timing{Name: name, Seconds: d.Seconds()})
			j.mu.Unlock()
		},
	}
	// What is not in the key is not handed over.
	if j.Node.Kind.Draws {
		cell.Seed = j.Node.Seed
	}
	if j.Node.Kind.Numeric {
		cell.Backend = j.opts.Backend
	}
	return cell, nil
}

func (j *job) record(start time.Time, wall time.Duration, usage Usage) *store.Record {
	return &store.Record{
		KeyText:     j.keyText,
		Kind:        j.Node.Kind.Name,
		Version:     j.Node.Kind.Version,
		Seed:        j.Node.Seed,
		Inputs:      j.read,
		Cell:        j.Node.ID,
		Params:      j.Node.with.String(),
		Started:     start.UTC(),
		WallSeconds: wall.Seconds(),
		CPUSeconds:  usage.CPU.Seconds(),
		PeakMemory:  usage.PeakMemory,
		Host:        j.host,
		Foil:        j.opts.Version,
		Go:          runtime.Version(),
	}
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}
