package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/pipeline"
)

// grace is how long a child that was told to stop may take.
const grace = 2 * time.Second

// Processes are the children of this process.
type Processes struct {
	// Program is the file that is run: see Self.
	Program string

	// Args are its arguments from the name of the program on. The name of the
	// cell is added, for people who look at a list of processes.
	Args []string

	// Version is the one that a child has to have.
	Version string

	mu      sync.Mutex
	running map[*os.Process]bool
	killed  bool
}

var errKilled = errors.New("the run was ended")

// An order is what a child is sent: a task, what this machine adds to it, and where the
// content of its inputs lies.
type order struct {
	Task  *pipeline.Task           `json:"task"`
	Site  pipeline.Site            `json:"site"`
	Paths map[digest.Digest]string `json:"paths"`
}

// run runs a task in a child and waits for its end. Hold is open in the child for as
// long as it lives, where the system can do that: it is the lease of the cell, which must
// not end before a process that still writes.
func (p *Processes) run(ctx context.Context, o order, hold, log *os.File, h pipeline.Hooks) (pipeline.Usage, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return pipeline.Usage{}, err
	}
	cmd := exec.Command(p.Program)
	cmd.Args = append(p.Args[:len(p.Args):len(p.Args)], o.Task.Cell)
	if cmd.Env, err = environment(o.Site.GPUs); err != nil {
		return pipeline.Usage{}, err
	}
	cmd.Stderr = log
	said := endOf(log)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return pipeline.Usage{}, err
	}
	answers, err := p.start(cmd, hold)
	if err != nil {
		return pipeline.Usage{}, fmt.Errorf("starting a process: %w", err)
	}
	defer p.forget(cmd.Process)
	defer answers.Close()

	left := context.AfterFunc(ctx, func() { p.stop(stdin, cmd.Process) })
	defer left()
	// A child that dies early does not read it all, and that is told by its end.
	go stdin.Write(append(text, '\n'))
	end, err := p.listen(answers, h)
	if err != nil {
		p.kill(cmd.Process)
	}
	cmd.Wait()
	killGroup(cmd.Process) // what it left running could write to the output still
	usage := pipeline.Usage{CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	switch {
	case err != nil:
		return usage, err
	case end == nil && ctx.Err() != nil:
		return usage, context.Cause(ctx)
	case end == nil:
		return usage, crash(cmd.ProcessState, log, said)
	case end.Error != nil:
		return usage, end.Error
	}
	usage.PeakMemory = end.PeakMemory
	return usage, nil
}

// start starts a child and returns where its messages can be read.
func (p *Processes) start(cmd *exec.Cmd, hold *os.File) (io.ReadCloser, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return nil, errKilled
	}
	answers, err := startChild(cmd, hold)
	if err != nil {
		return nil, err
	}
	if p.running == nil {
		p.running = map[*os.Process]bool{}
	}
	p.running[cmd.Process] = true
	return answers, nil
}

func (p *Processes) forget(child *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, child)
}

// stop tells a child to stop, and kills it when it does not.
func (p *Processes) stop(stdin io.Closer, child *os.Process) {
	stdin.Close()
	time.AfterFunc(grace, func() { p.kill(child) })
}

// kill ends a child that is running still.
func (p *Processes) kill(child *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[child] {
		killTree(child)
	}
}

// Kill ends all children at once, and lets no other one start.
func (p *Processes) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	for child := range p.running {
		killTree(child)
	}
}

// listen hands on what a child says until it says no more. Without an error, the
// result is its last word, nil if it had none.
func (p *Processes) listen(answers io.Reader, h pipeline.Hooks) (*done, error) {
	var last *done
	known := false
	lines := bufio.NewReader(answers)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return last, nil // the end, be it in the middle of a line
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("the process said %.100q, which is no message", line)
		}
		switch {
		case m.Hello != nil && m.Hello.Version == p.Version:
			known = true
		case !known:
			return nil, p.stranger(m)
		case m.Progress != nil:
			h.OnProgress(*m.Progress)
		case m.Note != nil:
			h.OnNote(*m.Note)
		case m.Timing != nil:
			h.OnTiming(m.Timing.Name, m.Timing.Duration)
		case m.Done != nil:
			last = m.Done
		}
	}
}

func (p *Processes) stranger(m message) error {
	if m.Hello == nil {
		return errors.New("the process did not say which version it is: is it another program?")
	}
	return fmt.Errorf("the program was replaced during the run: it is foil %s now and was %s; run it again", m.Hello.Version, p.Version)
}

// Self is the program that this process runs, also when its file has been
// replaced since, where the system can tell.
func Self() (string, error) {
	const linux = "/proc/self/exe"
	if _, err := os.Stat(linux); err == nil {
		return linux, nil
	}
	return os.Executable()
}
