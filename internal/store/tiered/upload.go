package tiered

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/remote"
)

// uploads sends results in the background.
type uploads struct {
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	ending chan struct{} // closed when nobody waits for another try
	end    func()        // closes it
	wait   sync.WaitGroup

	mu       sync.Mutex
	left     int           // not sent yet
	refused  bool          // the remote takes nothing, until the end
	again    chan struct{} // closed when uploads are tried again after a failure; nil: nobody waits
	ended    bool          // by end
	failures int           // one after the other, since the end began
	told     bool          // that results cannot be sent
	sent     Sent
}

// Sent is what was sent to the remote.
type Sent struct {
	Records int
	Known   int // records that the remote had
	Objects int
	Bytes   int64 // of the objects
	Failed  int   // records that could not be sent
	Others  int   // records that were not sent because of remote.ErrOthers
}

// uploadsAtOnce is the number of records that are sent at once.
const uploadsAtOnce = 8

// tryAgain is the time after which a remote that failed is tried again.
const tryAgain = 30 * time.Second

// pause makes all uploads wait for a while. There is one clock for all of them, so a remote that
// cannot be used gets a few requests from time to time, however many results wait.
func (u *uploads) pause() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.again != nil || u.ended {
		return
	}
	again := make(chan struct{})
	u.again = again
	time.AfterFunc(tryAgain, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.again = nil
		close(again)
	})
}

// next tells what an upload does now: give up, or wait for one of two channels before it asks again,
// or, if they are nil, send.
func (u *uploads) next() (hopeless bool, wait <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.ended:
		return u.refused || u.failures >= maxFailures, nil
	case u.refused:
		return false, u.ending
	}
	return false, u.again
}

func (u *uploads) init() {
	u.ctx, u.cancel = context.WithCancel(context.Background())
	u.slots, u.ending = make(chan struct{}, uploadsAtOnce), make(chan struct{})
	u.end = sync.OnceFunc(func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.ended, u.refused, u.failures = true, false, 0
		close(u.ending)
	})
}

func (u *uploads) count(change func(*Sent)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(&u.sent)
}

// Acquire takes a lease of the cache. What it publishes is sent to the remote.
func (s *Store) Acquire(ctx context.Context, key digest.Key) (store.Lease, error) {
	l, err := s.local.Acquire(ctx, key)
	if err != nil {
		return nil, err
	}
	return &lease{l, s}, nil
}

// Holder returns the holder of a lease of the cache.
func (s *Store) Holder(ctx context.Context, key digest.Key) (*store.Holder, error) {
	return s.local.Holder(ctx, key)
}

type lease struct {
	store.Lease
	s *Store
}

var _ store.Inheritable = (*lease)(nil)

// Inherit returns the file of the cache's lease.
func (l *lease) Inherit() *os.File {
	if i, ok := l.Lease.(store.Inheritable); ok {
		return i.Inherit()
	}
	return nil
}

func (l *lease) Publish(ctx context.Context, w *store.Workspace, r *store.Record) error {
	if err := l.Lease.Publish(ctx, w, r); err != nil {
		return err
	}
	l.s.upload(*r)
	return nil
}

// upload sends a record and its objects in the background. If that fails, it is tried again after a
// while, and once more at the end.
func (s *Store) upload(r store.Record) {
	if s.opts.ReadOnly {
		return
	}
	u := &s.uploads
	u.mu.Lock()
	u.left++
	u.mu.Unlock()
	u.wait.Go(func() {
		sent := s.keepSending(&r)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.left--
		if !sent {
			u.sent.Failed++
		}
	})
}

// keepSending sends a record until that succeeds or is hopeless.
func (s *Store) keepSending(r *store.Record) (sent bool) {
	u := &s.uploads
	for {
		select {
		case u.slots <- struct{}{}:
		case <-u.ctx.Done():
			return false
		}
		hopeless, wait := u.next()
		if !hopeless && wait == nil {
			last := u.isEnding()
			err := s.send(u.ctx, r)
			hopeless = err != nil && (last || u.ctx.Err() != nil || isOfRecord(err))
			sent = err == nil
		}
		<-u.slots
		if sent || hopeless {
			return sent
		}
		if wait != nil {
			select {
			case <-wait:
			case <-u.ending:
			case <-u.ctx.Done():
			}
		}
	}
}

func (u *uploads) isEnding() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ended
}

// isOfRecord reports whether only this record cannot be sent, now and later.
func isOfRecord(err error) bool {
	var refused *remote.RefusedError
	return errors.As(err, new(*store.DamagedError)) || errors.As(err, &refused) && refused.IsFinal()
}

// send sends the objects of a record, then the record.
func (s *Store) send(ctx context.Context, r *store.Record) error {
	err := s.sendAll(ctx, r)
	u := &s.uploads
	var refused *remote.RefusedError
	switch {
	case ctx.Err() != nil, errors.As(err, new(*store.DamagedError)):
		return err
	case err == nil:
		s.reads.begin()
		u.mu.Lock()
		u.failures = 0
		u.mu.Unlock()
		return nil
	case !isOfRecord(err):
		u.pause()
	}
	u.mu.Lock()
	if !isOfRecord(err) {
		u.failures++
	}
	u.refused = u.refused || errors.As(err, &refused) && (refused.IsDenied() || refused.IsFull())
	told := u.told
	u.told = true
	u.mu.Unlock()
	if !told {
		s.opts.OnNote(fmt.Sprintf("remote %s: results cannot be sent: %v; they stay in the cache, and foil push sends them", s.remote, err))
	}
	return err
}

func (s *Store) refuses() bool {
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	return s.uploads.refused
}

// sendAll is send without its consequences. A log that is lost is left out.
func (s *Store) sendAll(ctx context.Context, r *store.Record) error {
	files := slices.Clone(r.Outputs)
	if r.Log != nil {
		if _, err := s.local.Fetch(ctx, *r.Log); err == nil {
			files = append(files, *r.Log)
		} else if ctx.Err() != nil {
			return ctx.Err()
		} else {
			without := *r
			without.Log = nil
			r = &without
		}
	}
	for _, f := range files {
		if err := s.sendObject(ctx, f); err != nil {
			return err
		}
	}
	known, other, err := s.remote.AddRecord(ctx, s.plan, r)
	if errors.Is(err, remote.ErrOthers) {
		s.uploads.count(func(s *Sent) { s.Others++ })
		return nil
	}
	if err != nil {
		return err
	}
	if other != nil {
		s.conflict(r, other)
	}
	s.mu.Lock()
	for _, f := range files {
		delete(s.gone, f.Digest)
	}
	s.mu.Unlock()
	s.uploads.count(func(s *Sent) {
		if known {
			s.Known++
		} else {
			s.Records++
		}
	})
	return nil
}

// sendObject sends an object that the remote lacks, or whose content there was wrong.
func (s *Store) sendObject(ctx context.Context, f digest.File) error {
	s.mu.Lock()
	bad := s.gone[f.Digest] != ""
	s.mu.Unlock()
	if !bad {
		if ok, err := s.remote.Has(ctx, f.Digest); ok || err != nil {
			return err
		}
	}
	path, err := s.local.Fetch(ctx, f)
	if err != nil {
		return err
	}
	if err := s.remote.Put(ctx, f, path); err != nil {
		return err
	}
	s.uploads.count(func(s *Sent) {
		s.Objects++
		s.Bytes += f.Size
	})
	return nil
}

// conflict keeps and tells that the remote has other outputs for a key.
func (s *Store) conflict(ours, theirs *store.Record) {
	if err := s.local.KeepConflict(theirs); err != nil {
		s.opts.OnNote(fmt.Sprintf("the record of the remote for %s cannot be kept: %v", ours.Cell, err))
	}
	s.opts.OnConflict(ours, theirs)
}

// Finish waits until everything is sent, as long as that goes on, and writes the manifest of the plan.
// It ends when nothing has happened for the patience of a run, or when ctx is done. progress gets the
// number of results that are left, from time to time; nil: it does not.
func (s *Store) Finish(ctx context.Context, progress func(left int)) Sent {
	u := &s.uploads
	u.end()
	// Some have become whole because the same content was made here.
	for _, r := range s.known(func(*store.Record) bool { return true }) {
		s.adopt(ctx, r)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		u.wait.Wait()
		if !s.opts.ReadOnly && !s.refuses() && !s.opts.Plan.IsZero() && s.plan.Changed() && !s.reads.isOff() {
			_ = s.remote.PutPlan(u.ctx, s.opts.Plan, s.plan) // it only spares requests
		}
	}()
	tick := time.NewTicker(s.opts.Patience / 20)
	defer tick.Stop()
	last, since := s.movement(), time.Now()
	shown := time.Now()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-ctx.Done():
			waiting = false
		case now := <-tick.C:
			if m := s.movement(); m != last {
				last, since = m, now
			}
			waiting = now.Sub(since) < s.opts.Patience
			if progress != nil && now.Sub(shown) >= s.opts.Patience {
				shown = now
				u.mu.Lock()
				left := u.left
				u.mu.Unlock()
				progress(left)
			}
		}
	}
	u.cancel()
	select {
	case <-done:
	case <-time.After(s.opts.Patience): // a disk does not answer
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	sent := u.sent
	sent.Failed += u.left
	return sent
}

// A movement changes while something is sent.
type movement struct {
	bytes, worked, requests int64
	left                    int
}

// step is the number of bytes that count as a movement.
const step = 64 << 10

func (s *Store) movement() movement {
	t := s.remote.Traffic()
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	return movement{(t.Sent + t.Received) / step, t.Read / step, t.Requests, s.uploads.left}
}

// Records yields the records of the cache. A remote cannot be listed.
func (s *Store) Records(ctx context.Context) iter.Seq2[*store.Record, error] {
	return s.local.Records(ctx)
}
