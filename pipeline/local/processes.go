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

// grace is the time that a child has to stop.
const grace = 2 * time.Second

// Processes are the children of this process.
type Processes struct {
	// Program is the executable file: see Self.
	Program string

	// Args are its arguments, starting with the name of the program. The name of the cell is
	// appended, so that it shows in a list of processes.
	Args []string

	// Version is the version that a child must have.
	Version string

	mu      sync.Mutex
	running map[*os.Process]bool
	killed  bool
}

var errKilled = errors.New("the run was killed")

// An order is the message to a child: a task, its site, and the paths of its inputs.
type order struct {
	Task  *pipeline.Task           `json:"task"`
	Site  pipeline.Site            `json:"site"`
	Paths map[digest.Digest]string `json:"paths"`
}

// run runs a task in a child and waits for its end. hold is the file of the cell's lease. The child
// inherits it where the system supports that, so that the lease lasts as long as any process that
// may still write.
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
	// A child that dies early does not read all of it. Its exit status shows that.
	go stdin.Write(append(text, '\n'))
	end, err := p.listen(answers, h)
	if err != nil {
		p.kill(cmd.Process)
	}
	cmd.Wait()
	killGroup(cmd.Process) // processes that it left running could still write to the output
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

// start starts a child and returns the pipe of its messages.
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

// stop asks a child to stop, and kills it after the grace time.
func (p *Processes) stop(stdin io.Closer, child *os.Process) {
	stdin.Close()
	time.AfterFunc(grace, func() { p.kill(child) })
}

// kill kills a child that is still running.
func (p *Processes) kill(child *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[child] {
		killTree(child)
	}
}

// Kill kills all children at once and prevents new ones.
func (p *Processes) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	for child := range p.running {
		killTree(child)
	}
}

// listen forwards the messages of a child until the pipe is closed. It returns the last message, or
// nil if there was none.
func (p *Processes) listen(answers io.Reader, h pipeline.Hooks) (*done, error) {
	var last *done
	known := false
	lines := bufio.NewReader(answers)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return last, nil // the end of the pipe, possibly in the middle of a line
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("the process sent %.100q, which is not a message", line)
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
		case m.Numeric != nil:
			if h.OnNumeric != nil {
				h.OnNumeric(*m.Numeric)
			}
		case m.Done != nil:
			last = m.Done
		}
	}
}

func (p *Processes) stranger(m message) error {
	if m.Hello == nil {
		return errors.New("the process did not send its version; it may be a different program")
	}
	return fmt.Errorf("the program file was replaced during the run: it is now foil %s, and this is foil %s; run it again", m.Hello.Version, p.Version)
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
