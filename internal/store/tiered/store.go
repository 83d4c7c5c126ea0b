// Package tiered joins the cache of this machine with a remote that other machines use, too: what
// the cache lacks is got from there, and what is made here is sent there.
//
// The cache decides. A remote that is slow, gone, full or wrong never ends or blocks a run: it is
// named once, and the run goes on without it. See health.
package tiered

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/internal/store/remote"
)

// Options configure a Store.
type Options struct {
	ReadOnly bool          // send nothing
	Plan     digest.Key    // names the manifest of the plan; see plan.ID
	Patience time.Duration // the longest time that a run waits for the remote; 0: remote.Patience

	// OnNote gets what people should know, each thing once. Nil: nobody does.
	OnNote func(text string)

	// OnConflict is called when the remote has other outputs for a key than the cache. Nil: it is not.
	OnConflict func(ours, theirs *store.Record)
}

// A Store is a cache with a remote behind it. It implements store.Store.
type Store struct {
	local  *disk.Cache
	remote *remote.Remote
	opts   Options

	reads   health
	uploads uploads

	planOnce sync.Once
	plan     *remote.Plan // of the remote, with what this process adds

	mu      sync.Mutex
	records map[digest.Key]answer
	gone    map[digest.Digest]string // why the remote does not give an object
	flights map[digest.Digest]*flight
	got     Got
	wrong   bool // the remote held something wrong, and that was told
	lies    int
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Distant = (*Store)(nil)
)

// An answer of the remote for a key.
type answer struct {
	record  *store.Record // nil: it has none
	when    time.Time
	planned bool // it is from the manifest of the plan
}

// forget is the time after which the remote is asked again for a record that it did not have.
const forget = time.Minute

// Got is what came from the remote.
type Got struct {
	Objects int
	Bytes   int64 // of the objects
}

// New returns a Store. Finish ends its use.
func New(local *disk.Cache, r *remote.Remote, opts Options) *Store {
	if opts.Patience == 0 {
		opts.Patience = remote.Patience
	}
	if opts.OnNote == nil {
		opts.OnNote = func(string) {}
	}
	if opts.OnConflict == nil {
		opts.OnConflict = func(_, _ *store.Record) {}
	}
	s := &Store{
		local: local, remote: r, opts: opts, plan: remote.NewPlan(),
		records: map[digest.Key]answer{}, gone: map[digest.Digest]string{}, flights: map[digest.Digest]*flight{},
	}
	s.reads.patience = opts.Patience
	s.uploads.init()
	return s
}

// Got is what came from the remote until now.
func (s *Store) Got() Got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// Lookup returns a record of the cache, or one of the remote whose objects the cache or, as far as
// is known, the remote has.
func (s *Store) Lookup(ctx context.Context, key digest.Key) (*store.Record, store.Miss, error) {
	r, miss, err := s.local.Lookup(ctx, key)
	if r != nil || err != nil {
		return r, miss, err
	}
	found := s.find(ctx, key)
	if err := ctx.Err(); err != nil {
		return nil, store.Miss{}, err
	}
	if found == nil {
		return nil, miss, nil
	}
	for _, f := range found.Outputs {
		if reason := s.lacks(f); reason != "" {
			return nil, store.Broken(fmt.Sprintf("its output %s %s", f.Name, reason)), nil
		}
	}
	return found, store.Miss{}, nil
}

// lacks returns why an object cannot be had, or "".
func (s *Store) lacks(f digest.File) string {
	if s.local.Has(f) {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason := s.gone[f.Digest]; reason != "" {
		return reason
	}
	if s.reads.isOff() {
		return "is on the remote, which cannot be used now"
	}
	return ""
}

// find returns the record of a key that the remote has, or nil.
func (s *Store) find(ctx context.Context, key digest.Key) *store.Record {
	s.mu.Lock()
	k, ok := s.records[key]
	s.mu.Unlock()
	if ok && (k.record != nil || time.Since(k.when) < forget) {
		return k.record
	}
	s.getPlan(ctx)
	r, err := s.remote.PlanRecord(s.plan, key)
	planned := err == nil
	if err != nil {
		err = s.ask(ctx, key.Short(), true, func(ctx context.Context) error {
			r, err = s.remote.FindRecord(ctx, s.plan, key)
			return err
		})
	}
	if err != nil {
		r = nil
	}
	if err == nil || remote.IsAbsent(err) || errors.As(err, new(*remote.WrongError)) {
		s.mu.Lock()
		s.records[key] = answer{r, time.Now(), planned}
		s.mu.Unlock()
	}
	return r
}

// getPlan gets the manifest of the plan, once.
func (s *Store) getPlan(ctx context.Context) {
	s.planOnce.Do(func() {
		if s.opts.Plan.IsZero() {
			return
		}
		_ = s.ask(ctx, "the manifest of this plan", false, func(ctx context.Context) error {
			p, err := s.remote.GetPlan(ctx, s.opts.Plan)
			if err == nil {
				s.plan = p
			}
			return err
		})
	})
}

// Fetch returns the path of an object of the cache, and gets it from the remote if it is missing.
func (s *Store) Fetch(ctx context.Context, f digest.File) (path string, err error) {
	path, err = s.local.Fetch(ctx, f)
	var damaged *store.DamagedError
	if !errors.As(err, &damaged) {
		return path, err
	}
	if reason := s.download(ctx, f); reason != "" {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		return "", &store.DamagedError{File: f, Reason: damaged.Reason + ", and " + reason}
	}
	return s.local.Fetch(ctx, f)
}

// A flight is a download. Others wait for it.
type flight struct {
	done   chan struct{}
	reason string
	over   bool // the context of the one who began it ended
}

// download gets an object from the remote. It returns why that is impossible, or "".
func (s *Store) download(ctx context.Context, f digest.File) (reason string) {
	var fl *flight
	for {
		s.mu.Lock()
		if reason := s.gone[f.Digest]; reason != "" {
			s.mu.Unlock()
			return reason
		}
		if fl = s.flights[f.Digest]; fl == nil {
			break
		}
		s.mu.Unlock()
		select {
		case <-fl.done:
			if !fl.over {
				return fl.reason
			}
		case <-ctx.Done():
			return "nobody waited for it"
		}
	}
	fl = &flight{done: make(chan struct{})}
	s.flights[f.Digest] = fl
	s.mu.Unlock()
	fl.reason = s.get(ctx, f)
	fl.over = fl.reason != "" && ctx.Err() != nil
	s.mu.Lock()
	delete(s.flights, f.Digest)
	s.mu.Unlock()
	close(fl.done)
	return fl.reason
}

// tries is how often an object is received whose answer was cut off.
const tries = 3

func (s *Store) get(ctx context.Context, f digest.File) (reason string) {
	var here error // of the cache, not of the remote
	err := s.ask(ctx, f.Name, false, func(ctx context.Context) (far error) {
		for n := 1; ; n++ {
			if here, far = s.receive(ctx, f); n == tries || !errors.Is(far, remote.ErrCut) {
				return far
			}
		}
	})
	var wrong *remote.WrongError
	switch {
	case here != nil:
		return "cannot be stored (" + here.Error() + ")"
	case err == nil:
	case remote.IsAbsent(err):
		reason = "is missing on the remote"
	case errors.As(err, &wrong):
		reason = wrong.Error()
		s.lied()
	default:
		return "the remote cannot be used now"
	}
	if reason != "" {
		s.miss(f, reason)
		return reason
	}
	s.mu.Lock()
	s.got.Objects++
	s.got.Bytes += f.Size
	s.mu.Unlock()
	s.adoptAll(ctx, f)
	return ""
}

// receive gets an object from the remote into the cache. The errors are of the one or the other.
func (s *Store) receive(ctx context.Context, f digest.File) (here, far error) {
	here = s.local.Receive(ctx, f, func(w io.Writer) error {
		var full error
		if far = s.remote.Get(ctx, f, &localWriter{w, &full}); full != nil {
			far = nil
			return full
		}
		return far
	})
	if far != nil {
		here = nil
	}
	return here, far
}

// miss remembers why the remote does not give an object. The manifest of the plan may be older than
// the records, so those from there that name the object are asked for, once.
func (s *Store) miss(f digest.File, reason string) {
	s.mu.Lock()
	s.gone[f.Digest] = reason
	var old []digest.Key
	for key, k := range s.records {
		if k.planned && k.record != nil && slices.ContainsFunc(k.record.Outputs, func(o digest.File) bool { return o.Digest == f.Digest }) {
			old = append(old, key)
			delete(s.records, key)
		}
	}
	s.mu.Unlock()
	for _, key := range old {
		s.plan.Remove(key)
	}
}

// A localWriter remembers the error of the cache's disk.
type localWriter struct {
	io.Writer
	err *error
}

func (w *localWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		*w.err = err
	}
	return n, err
}

// adopt takes a record of the remote into the cache if it has all objects. Then it is a hit without
// the remote, and cleanup keeps its objects. If that fails, for example because a run holds the
// lease, the record is still on the remote.
func (s *Store) adopt(ctx context.Context, r *store.Record) {
	if !slices.ContainsFunc(r.Outputs, func(o digest.File) bool { return !s.local.Has(o) }) {
		_, _ = s.local.Adopt(ctx, r)
	}
}

// adoptAll adopts the records that may be whole because of an object.
func (s *Store) adoptAll(ctx context.Context, f digest.File) {
	for _, r := range s.known(func(r *store.Record) bool {
		return slices.ContainsFunc(r.Outputs, func(o digest.File) bool { return o.Digest == f.Digest })
	}) {
		s.adopt(ctx, r)
	}
}

// known returns records of the remote.
func (s *Store) known(which func(*store.Record) bool) (list []*store.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.records {
		if k.record != nil && which(k.record) {
			list = append(list, k.record)
		}
	}
	return list
}

// Expect gets the records of keys from the remote, many at once.
func (s *Store) Expect(ctx context.Context, keys []digest.Key) {
	var wait sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, key := range keys {
		if r, _, err := s.local.Lookup(ctx, key); r != nil || err != nil {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			s.find(ctx, key)
			<-slots
		})
	}
	wait.Wait()
}

// atOnce is the number of records and files that are got at once. The remote has a limit of its own.
const atOnce = 32

// small is the size up to which Prepare gets files that may not be read.
const small = 1 << 20

// Prepare gets the files of a piece of work, many at once. Of large files that may not be read, it
// only finds out whether the remote has them.
func (s *Store) Prepare(ctx context.Context, files []digest.File, whole bool) (damaged []*store.DamagedError) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, f := range files {
		if s.local.Has(f) {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			reason := s.lacks(f)
			switch {
			case reason != "":
			case whole || f.Size <= small:
				reason = s.download(ctx, f)
			default:
				reason = s.look(ctx, f)
			}
			if reason != "" {
				mu.Lock()
				defer mu.Unlock()
				damaged = append(damaged, &store.DamagedError{File: f, Reason: reason})
			}
		})
	}
	wait.Wait()
	return damaged
}

// look asks whether the remote has an object. It returns why it cannot be had, or "".
func (s *Store) look(ctx context.Context, f digest.File) (reason string) {
	err := s.ask(ctx, f.Name, true, func(ctx context.Context) error {
		ok, err := s.remote.Has(ctx, f.Digest)
		if err == nil && !ok {
			reason = "is missing on the remote"
		}
		return err
	})
	if err != nil {
		return "the remote cannot be used now"
	}
	if reason != "" {
		s.miss(f, reason)
	}
	return reason
}
