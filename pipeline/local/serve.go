package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"foil/internal/numeric"
	"foil/pipeline"
)

// progressInterval is the time between two progress messages of a child.
const progressInterval = 100 * time.Millisecond

// patience is the time that processes have to end by themselves after the kind that started them
// has returned.
const patience = 1500 * time.Millisecond

// hopeless is the time after which a killed process is given up. It waits for a device that does
// not answer, or belongs to another user.
const hopeless = 10 * time.Second

// forsaken is the same for a child whose parent has ended, so that nobody waits for it.
const forsaken = 5 * time.Minute

// A Program is what a child knows of the program that it runs.
type Program struct {
	Kinds   []pipeline.Kind
	Version string
	Numeric func(backend string, threads int) (numeric.Signature, error) // see pipeline.Site
}

// Serve is the main function of a child. It runs the tasks that the parent sends. The error is about
// the connection to the parent. The results of the cells are sent as messages.
func Serve(ctx context.Context, p Program) error {
	up, err := connect()
	if err != nil {
		return err
	}
	s := &server{program: p, up: up, sender: newSender(up), descendants: adopt()}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(ctx)
	defer cancel()
	tasks := make(chan request)
	go func() {
		s.receive(tasks) // until the parent closes the connection or ends
		close(tasks)
		s.stopped = time.Now()
		cancel()
		time.Sleep(grace)
		s.descendants.kill(forsaken)
		os.Exit(1) // the parent may have died and cannot kill this process
	}()
	for t := range tasks {
		if err := s.send(message{Hello: &hello{Version: p.Version}}); err != nil {
			return err
		}
		goesOn, err := s.serve(t)
		if err != nil || !goesOn {
			return err
		}
	}
	return nil
}

// A server is a child.
type server struct {
	*sender
	ctx         context.Context // ends with the connection
	stopped     time.Time       // when ctx ended
	program     Program
	up          *uplink
	descendants *descendants
	served      int
}

// A request is a task as it was received: the line of its files, and its order.
type request struct {
	files string
	order []byte
}

// receive reads tasks until the connection ends. There is no task while another one is running.
func (s *server) receive(tasks chan<- request) {
	lines := bufio.NewReader(s.up)
	for {
		files, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		tasks <- request{files, text}
	}
}

// serve runs a task, ends all that it started, and sends the result. It reports whether this process
// can serve another one.
func (s *server) serve(r request) (goesOn bool, err error) {
	if err := s.up.open(r.files); err != nil {
		return false, err
	}
	m := startMeter(s.served == 0)
	s.served++
	s.descendants.peak.Store(0)
	p := &programs{descendants: s.descendants}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()

	d := &done{}
	err = s.runTask(ctx, r.order, p)
	p.stop()
	if err == nil {
		if err = p.await(ctx, patience); err != nil && ctx.Err() == nil {
			err = fmt.Errorf("the cell ended before the processes that it had started (%s later %w)", patience, err)
		}
	}
	if s.ctx.Err() != nil {
		p.Terminate()
		s.descendants.await(context.Background(), patience-time.Since(s.stopped))
	}
	goesOn = s.descendants.kill(hopeless)
	if err != nil {
		d.Error = pipeline.NewFailure(err)
	}
	d.CPU, d.PeakMemory = m.cpu(), max(m.peakMemory(), s.descendants.peak.Load())
	if err := s.up.closeFiles(); err != nil {
		return false, err
	}
	return goesOn, s.send(message{Done: d})
}

// runTask runs a task and sends its messages.
func (s *server) runTask(ctx context.Context, text []byte, p *programs) error {
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return fmt.Errorf("cannot read the task: %w", err)
	}
	task := o.Task
	o.Site.Log = os.Stderr
	if knowsAll {
		o.Site.Programs = p
	}
	o.Site.Numeric = s.program.Numeric
	o.Site.Open = func(f pipeline.File) (string, error) { return o.Paths[f.Digest], nil }
	// Parallel cells must not compete for the same cores.
	runtime.GOMAXPROCS(max(task.Needs.Cores, 1))

	var last atomic.Pointer[pipeline.Progress]
	tell := func() {
		if now := last.Swap(nil); now != nil {
			s.send(message{Progress: now})
		}
	}
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	result := make(chan error, 1)
	go func() {
		// This error holds if the kind ends its goroutine.
		err := errors.New("the kind ended its goroutine")
		defer func() { result <- err }()
		err = task.Run(ctx, s.program.Kinds, o.Site, pipeline.Hooks{
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
