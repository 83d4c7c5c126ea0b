package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Patience is the longest time that a request may take without progress.
const Patience = 2 * time.Second

// flow is the number of bytes that count as progress. Fewer bytes within Patience are none: a server
// that sends a byte a second would block a run forever.
const flow = 64 << 10

// ErrSlow means that a request made no progress for Patience.
var ErrSlow = errors.New("no progress")

// slow is the error for a request that took too long.
func slow(patience time.Duration) error {
	return fmt.Errorf("%w within %s", ErrSlow, patience)
}

// A watch ends a context when there is no progress.
type watch struct {
	patience time.Duration
	bytes    atomic.Int64 // since the last progress

	mu    sync.Mutex
	timer *time.Timer
	ends  time.Time // when the timer fires
}

// watched returns a context that ends after patience, unless the watch sees progress.
func watched(ctx context.Context, patience time.Duration) (context.Context, *watch, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{patience: patience, ends: time.Now().Add(patience)}
	w.timer = time.AfterFunc(patience, func() { cancel(slow(patience)) })
	return ctx, w, func() {
		w.timer.Stop()
		cancel(nil)
	}
}

func (w *watch) saw(n int) {
	if w.bytes.Add(int64(n)) >= flow {
		w.bytes.Store(0)
		w.progress()
	}
}

func (w *watch) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set(w.patience)
}

func (w *watch) set(left time.Duration) {
	w.ends = time.Now().Add(left)
	w.timer.Reset(left)
}

// hold stops the clock while this machine works, which the remote is not to blame for.
func (w *watch) hold() (resume func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.timer.Stop() { // it has fired
		return func() {}
	}
	left := time.Until(w.ends)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.set(left)
	}
}

// A heldWriter writes while the clock of a watch stands still.
type heldWriter struct {
	io.Writer
	watch *watch
}

func (w heldWriter) Write(p []byte) (int, error) {
	defer w.watch.hold()()
	return w.Writer.Write(p)
}

// because returns the reason why a context ended, if err is its consequence.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// A seen reader tells a watch and the statistics what is read.
type seen struct {
	io.Reader
	watch *watch
	count *atomic.Int64
	err   error // of a read, but for io.EOF
}

func (s *seen) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.watch.saw(n)
	s.count.Add(int64(n))
	if err != nil && err != io.EOF && s.err == nil {
		s.err = fmt.Errorf("%w: %w", ErrCut, err)
	}
	return n, err
}
