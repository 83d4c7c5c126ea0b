package local

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"foil/pipeline"
)

// A child is a process that serves tasks.
type child struct {
	cmd   *exec.Cmd
	link  *link
	lines *bufio.Reader // its messages
	reuse bool          // it may serve more than one task: of this kind, with these GPUs
	kind  string
	gpus  []int

	served   int  // tasks before this one
	accepted bool // it has begun with this task

	exited chan struct{}    // closed when it has ended
	state  *os.ProcessState // after that
}

// startServing starts a child of p. Before its first task, it writes to the log of that task.
func startServing(p *Processes, o order, reuse bool, log *os.File) (*child, error) {
	name := o.Task.Cell
	if reuse {
		name = o.Task.Kind
	}
	cmd := exec.Command(p.Program)
	cmd.Args = append(p.Args[:len(p.Args):len(p.Args)], name)
	var err error
	if cmd.Env, err = environment(o.Site.GPUs); err != nil {
		return nil, err
	}
	cmd.Stderr = log
	l, err := ours.start(cmd)
	if err != nil {
		return nil, err
	}
	return &child{
		cmd: cmd, link: l, lines: bufio.NewReader(l), reuse: reuse, kind: o.Task.Kind, gpus: o.Site.GPUs,
		exited: make(chan struct{}),
	}, nil
}

// serve sends a task and forwards the messages of the child. It returns the last message, or nil if
// the child ended before. The error means that the child must be killed.
func (c *child) serve(version string, text []byte, hold, log *os.File, h pipeline.Hooks) (*done, error) {
	c.accepted = false
	switch err := c.link.pass(log, hold); {
	case errors.Is(err, syscall.EPIPE):
		return nil, nil // it has ended
	case err != nil:
		return nil, fmt.Errorf("passing files to a process: %w", err)
	}
	go c.link.Write(text) // a child that ends early does not read all of it
	for {
		line, err := c.lines.ReadBytes('\n')
		if err != nil {
			return nil, nil // the end of the connection, possibly in the middle of a line
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("the process sent %.100q, which is not a message", line)
		}
		switch {
		case m.Hello != nil && m.Hello.Version == version:
			c.accepted = true
		case !c.accepted:
			return nil, stranger(m, version)
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
			c.served++
			return m.Done, nil
		}
	}
}

func stranger(m message, version string) error {
	if m.Hello == nil {
		return errors.New("the process did not send its version; it may be a different program")
	}
	return fmt.Errorf("the program file was replaced during the run: it is now foil %s, and this is foil %s; run it again", m.Hello.Version, version)
}
