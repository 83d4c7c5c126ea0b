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

	"foil/pipeline"
)

// progressInterval is the time between two progress messages of a child.
const progressInterval = 100 * time.Millisecond

// Serve is the main function of a child. It runs the task that the parent sent, with one of the
// kinds. version is the version of the program. The error is about the connection to the parent.
// The result of the cell is sent as a message.
func Serve(ctx context.Context, kinds []pipeline.Kind, version string) error {
	out, err := messages()
	if err != nil {
		return err
	}
	s := newSender(out)
	if err := s.send(message{Hello: &hello{Version: version}}); err != nil {
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
	if err := serveTask(ctx, line, kinds, s); err != nil {
		d.Error = pipeline.NewFailure(err)
	}
	d.PeakMemory = peakMemory()
	return s.send(message{Done: d})
}

// serveTask runs a task and sends its messages.
func serveTask(ctx context.Context, line []byte, kinds []pipeline.Kind, s *sender) error {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("cannot read the task: %w", err)
	}
	task := o.Task
	o.Site.Log = os.Stderr
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
		err = task.Run(ctx, kinds, o.Site, pipeline.Hooks{
			OnProgress: func(p pipeline.Progress) { last.Store(&p) },
			OnNote:     func(text string) { s.send(message{Note: &text}) },
			OnTiming:   func(name string, d time.Duration) { s.send(message{Timing: &timing{name, d}}) },
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
