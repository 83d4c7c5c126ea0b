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

// progressInterval is how often a child tells its progress.
const progressInterval = 100 * time.Millisecond

// Serve is the child: it runs the task that a parent sent, with one of the
// kinds. Version is the program's. The error is about the way to the parent;
// what the cell came to has been told.
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
		return fmt.Errorf("no task came: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		io.Copy(io.Discard, in) // as long as the parent wants us
		cancel()
		time.Sleep(grace)
		os.Exit(1) // also where the parent is not there to kill us
	}()

	d := &done{}
	if err := serveTask(ctx, line, kinds, s); err != nil {
		d.Error = pipeline.NewFailure(err)
	}
	d.PeakMemory = peakMemory()
	return s.send(message{Done: d})
}

// serveTask runs a task and sends what it says.
func serveTask(ctx context.Context, line []byte, kinds []pipeline.Kind, s *sender) error {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("the task cannot be read: %w", err)
	}
	task := o.Task
	o.Site.Log = os.Stderr
	o.Site.Open = func(f pipeline.File) (string, error) { return o.Paths[f.Digest], nil }
	// Two cells at once are not to fight for the processor.
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
		// What is true should the kind end its goroutine.
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
