package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"foil/internal/numeric"
	"foil/pipeline"
)

// progressInterval is the time between two progress messages of a child.
const progressInterval = 100 * time.Millisecond

// A Program is what a child knows of the program that it runs.
type Program struct {
	Kinds   []pipeline.Kind
	Version string
	Numeric func(backend string, threads int) (numeric.Signature, error) // see pipeline.Site
}

// Serve is the main function of a child. It runs the task that the parent sent. The error is about
// the connection to the parent. The result of the cell is sent as a message.
func Serve(ctx context.Context, p Program) error {
	out, err := messages()
	if err != nil {
		return err
	}
	s := newSender(out)
	if err := s.send(message{Hello: &hello{Version: p.Version}}); err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("no task on standard input: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		io.Copy(io.Discard, in) // until the parent closes the pipe or ends
		cancel()
		time.Sleep(grace)
		os.Exit(1) // the parent may have died and cannot kill this process
	}()

	d := &done{}
	if err := serveTask(ctx, line, p, s); err != nil {
		d.Error = pipeline.NewFailure(err)
	}
	d.PeakMemory = peakMemory()
	return s.send(message{Done: d})
}

// serveTask runs a task and sends its messages.
func serveTask(ctx context.Context, line []byte, p Program, s *sender) error {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("cannot read the task: %w", err)
	}
	task := o.Task
	o.Site.Log = os.Stderr
	o.Site.Numeric = p.Numeric
	o.Site.Open = func(f pipeline.File) (string, error) { return o.Paths[f.Digest], nil }
	// Parallel cells must not compete for the same cores.
	runtime.GOMAXPROCS(max(task.Needs.Cores, 1))

	var last atomic.Pointer[pipeline.Progress]
	tell := func() {
		if p := last.Swap(nil); p != nil {
			s.send(message{Progress: p})
		}
	}
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	result := make(chan error, 1)
	go func() {
		// This error holds if the kind ends its goroutine.
		err := errors.New("the kind ended its goroutine")
		defer func() { result <- err }()
		err = task.Run(ctx, p.Kinds, o.Site, pipeline.Hooks{
			OnProgress: func(p pipeline.Progress) { last.Store(&p) },
			OnNote:     func(text string) { s.send(message{Note: &text}) },
			OnTiming:   func(name string, d time.Duration) { s.send(message{Timing: &timing{name, d}}) },
			OnNumeric:  func(n numeric.Signature) { s.send(message{Numeric: &n}) },
		})
	}()
	for {
		select {
		case <-tick.C:
			tell()
		case err := <-result:
			return err
		}
	}
}
