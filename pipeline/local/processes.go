package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"foil/pipeline"
)

// grace is the time that a child has to stop.
const grace = 2 * time.Second

// Processes are the children of this process. On Linux, this process adopts what killed children
// leave, and ends it. Other programs that this process starts must stay in its process group.
type Processes struct {
	// Program is the executable file: see Self.
	Program string

	// Args are its arguments, starting with the name of the program. The name of the cell, or of
	// the kind for a child that serves many cells, is appended, so that it shows in a list of
	// processes.
	Args []string

	// Version is the version that a child must have.
	Version string

	mu      sync.Mutex
	running map[*child]bool
	idle    []*child // they wait for a task
	killed  bool
}

var errKilled = errors.New("the run was killed")

// run runs a task in a child and waits for its end, and the end of all that it started. A child of a
// kind that is reused is kept for another task. hold is the file of the cell's lease. The child
// inherits it where the system supports that, so that the lease lasts as long as any process that
// may still write.
func (p *Processes) run(ctx context.Context, o order, reuse bool, hold, log *os.File, h pipeline.Hooks) (pipeline.Usage, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return pipeline.Usage{}, err
	}
	text = append(text, '\n')
	said := endOf(log)
	for {
		c, err := p.take(o, reuse, log)
		if err != nil {
			return pipeline.Usage{}, err
		}
		end, err := p.serve(ctx, c, text, hold, log, h)
		if end == nil && err == nil && !c.accepted && c.served > 0 {
			continue // something else ended it while it was idle
		}
		return p.result(ctx, c, end, err, log, said)
	}
}

// serve lets a child run a task. The last message is nil if the child ended without one. Unless the
// child is kept, it has ended when serve returns.
func (p *Processes) serve(ctx context.Context, c *child, text []byte, hold, log *os.File, h pipeline.Hooks) (*done, error) {
	left := context.AfterFunc(ctx, func() { p.stop(c) })
	end, err := c.serve(p.Version, text, hold, log, h)
	if left() && end != nil && c.reuse {
		p.keep(c)
		return end, nil
	}
	if err != nil {
		p.kill(c)
	}
	p.stop(c)
	<-c.exited
	c.link.Close()
	if !knowsAll {
		killChild(c.cmd.Process) // what is left in its process group
	}
	if end == nil || !c.state.Success() {
		ours.endOrphans()
	}
	return end, err
}

// result is what a task used, and its error.
func (p *Processes) result(ctx context.Context, c *child, end *done, err error, log *os.File, said int64) (pipeline.Usage, error) {
	var usage pipeline.Usage
	switch {
	case c.reuse && end != nil:
		usage.CPU = end.CPU
	case c.state != nil:
		usage.CPU = c.state.UserTime() + c.state.SystemTime()
	}
	switch {
	case err != nil:
		return usage, err
	case end == nil && ctx.Err() != nil:
		return usage, context.Cause(ctx)
	case end == nil:
		return usage, crash(c.state, log, said)
	case end.Error != nil:
		return usage, end.Error
	}
	usage.PeakMemory = end.PeakMemory
	return usage, nil
}

// take returns an idle child for a task, or starts one.
func (p *Processes) take(o order, reuse bool, log *os.File) (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return nil, errKilled
	}
	if reuse {
		fits := func(c *child) bool { return c.kind == o.Task.Kind && slices.Equal(c.gpus, o.Site.GPUs) }
		if i := slices.IndexFunc(p.idle, fits); i >= 0 {
			c := p.idle[i]
			p.idle = slices.Delete(p.idle, i, i+1)
			return c, nil
		}
	}
	if p.running == nil {
		p.running = map[*child]bool{}
	}
	c, err := startServing(p, o, reuse, log)
	if err != nil {
		return nil, fmt.Errorf("starting a process: %w", err)
	}
	p.running[c] = true
	go func() {
		ours.wait(c.cmd)
		p.mu.Lock()
		defer p.mu.Unlock()
		c.state = c.cmd.ProcessState
		delete(p.running, c)
		close(c.exited)
	}()
	return c, nil
}

// keep makes a child idle.
func (p *Processes) keep(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// stop asks a child to stop, and kills it after the grace time.
func (p *Processes) stop(c *child) {
	c.link.hangUp()
	time.AfterFunc(grace, func() { p.kill(c) })
}

// kill kills a child that is still running.
func (p *Processes) kill(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[c] {
		killChild(c.cmd.Process)
	}
}

// Kill kills all children and all that they started at once, and prevents new ones.
func (p *Processes) Kill() {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	p.end(0)
}

// Close ends the idle children. It is called after all runs.
func (p *Processes) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		c.link.hangUp()
	}
	p.end(grace)
}

// end waits for the end of all children for some time. Then it kills them, and all that they
// started.
func (p *Processes) end(patience time.Duration) {
	p.mu.Lock()
	all := slices.Collect(maps.Keys(p.running))
	p.mu.Unlock()
	waitFor(all, patience)
	for _, c := range all {
		p.kill(c)
	}
	waitFor(all, grace)
	ours.endOrphans()
}

// waitFor waits until children have ended, for some time.
func waitFor(children []*child, patience time.Duration) {
	late, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, c := range children {
		select {
		case <-c.exited:
		case <-late.Done():
		}
	}
}

// Self is the path of the program of this process. On systems that support it, the path stays valid
// after the file was replaced.
func Self() (string, error) {
	const linux = "/proc/self/exe"
	if _, err := os.Stat(linux); err == nil {
		return linux, nil
	}
	return os.Executable()
}
