package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
)

// A Store keeps records in memory and objects in a folder of the test. Its function fields make it
// fail.
type Store struct {
	Held    func(digest.Key) bool                            // reports whether Acquire returns ErrHeld
	Damaged func(digest.File) string                         // why Fetch reports an object as damaged; empty: it is intact
	Publish func(ctx context.Context, r *store.Record) error // why a record cannot be published
	Lookups func(key digest.Key) error                       // why a key cannot be looked up
	Holders func(digest.Key) *store.Orphan                   // the lease of a key that has outlived its owner

	dir string

	mu       sync.Mutex
	records  map[digest.Key][]byte
	objects  map[digest.Digest]string
	leases   map[digest.Key]*lease
	failures map[digest.Key]error
	attempts int
}

var _ store.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore(t testing.TB) *Store {
	return &Store{
		dir: t.TempDir(), records: map[digest.Key][]byte{}, objects: map[digest.Digest]string{},
		leases: map[digest.Key]*lease{}, failures: map[digest.Key]error{},
	}
}

// Use makes s the store of all plans of a bench.
func (s *Store) Use(b *Bench) { b.Open = func() store.Store { return s } }

// Put publishes a file called text under the key of a record, like a run that holds the lease.
func (s *Store) Put(ctx context.Context, r *store.Record, text string) error {
	l := newLease(s, r.KeyText.Key())
	w, err := l.Begin()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.Out, "text"), []byte(text), 0o666); err != nil {
		return err
	}
	return l.Publish(ctx, w, r)
}

// Lose ends the lease of a key, as if it had not been renewed. It reports whether the lease was held.
func (s *Store) Lose(key digest.Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leases[key]
	if l == nil {
		return false
	}
	close(l.lost)
	delete(s.leases, key)
	return true
}

// Failure is the recorded failure of a key.
func (s *Store) Failure(key digest.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures[key]
}

// Leases is the number of held leases.
func (s *Store) Leases() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.leases)
}

// Lookup decodes a record on each call, like a store on disk.
func (s *Store) Lookup(_ context.Context, key digest.Key) (*store.Record, store.Miss, error) {
	if s.Lookups != nil {
		if err := s.Lookups(key); err != nil {
			return nil, store.Miss{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.records[key]
	if text == nil {
		return nil, store.NeverMade, nil
	}
	r, err := store.DecodeRecord("memory", text, key)
	if err != nil {
		return nil, store.Miss{}, err
	}
	for _, f := range r.Outputs {
		if s.objects[f.Digest] == "" {
			return nil, store.Broken("its output " + f.Name + " is missing"), nil
		}
	}
	return r, store.Miss{}, nil
}

// Fetch forgets an object that is damaged.
func (s *Store) Fetch(_ context.Context, f digest.File) (string, error) {
	reason := ""
	if s.Damaged != nil {
		reason = s.Damaged(f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch path := s.objects[f.Digest]; {
	case reason != "":
		delete(s.objects, f.Digest)
		return "", &store.DamagedError{File: f, Reason: reason}
	case path == "":
		return "", &store.DamagedError{File: f, Reason: "is missing"}
	default:
		return path, nil
	}
}

// Acquire gives a lease to one owner at a time.
func (s *Store) Acquire(_ context.Context, key digest.Key) (store.Lease, error) {
	if s.Held != nil && s.Held(key) {
		return nil, store.ErrHeld
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[key] != nil {
		return nil, store.ErrHeld
	}
	s.leases[key] = newLease(s, key)
	return s.leases[key], nil
}

// Holder returns only the results of Holders.
func (s *Store) Holder(_ context.Context, key digest.Key) (*store.Holder, error) {
	if s.Holders == nil {
		return nil, nil
	}
	return &store.Holder{Orphan: s.Holders(key)}, nil
}

// Records yields all records.
func (s *Store) Records(context.Context) iter.Seq2[*store.Record, error] {
	return func(yield func(*store.Record, error) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for key, text := range s.records {
			if !yield(store.DecodeRecord("memory", text, key)) {
				return
			}
		}
	}
}

// add keeps a file under its digest.
func (s *Store) add(path string, f digest.File) error {
	s.attempts++
	object := filepath.Join(s.dir, fmt.Sprint("object", s.attempts))
	s.objects[f.Digest] = object
	return os.Rename(path, object)
}

type lease struct {
	store *Store
	key   digest.Key
	lost  chan struct{} // closed by Lose
}

func newLease(s *Store, key digest.Key) *lease { return &lease{s, key, make(chan struct{})} }

func (l *lease) Begin() (*store.Workspace, error) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	l.store.attempts++
	dir := filepath.Join(l.store.dir, l.key.Short())
	w := &store.Workspace{
		Out:        filepath.Join(dir, fmt.Sprint("out", l.store.attempts)),
		Checkpoint: filepath.Join(dir, "checkpoint"),
		Log:        filepath.Join(dir, "log"),
	}
	kept, _ := os.ReadDir(w.Checkpoint)
	w.Resumes = len(kept) > 0
	return w, os.MkdirAll(w.Out, 0o777)
}

func (l *lease) Publish(ctx context.Context, w *store.Workspace, r *store.Record) error {
	select {
	case <-l.lost:
		return store.ErrLost
	default:
	}
	if l.store.Publish != nil {
		if err := l.store.Publish(ctx, r); err != nil {
			return err
		}
	}
	out, err := pipeline.DirArtifact(w.Out)
	if err != nil {
		return err
	}
	if len(out.Files) == 0 {
		return errors.New("no output was written")
	}
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	r.Format, r.Key, r.Outputs = store.RecordFormat, l.key, out.Files
	for _, f := range out.Files {
		if err := l.store.add(filepath.Join(w.Out, f.Name), f); err != nil {
			return err
		}
	}
	if d, size, err := digest.OfFile(w.Log); err == nil && size > 0 {
		r.Log = &digest.File{Name: "log", Digest: d, Size: size}
		if err := l.store.add(w.Log, *r.Log); err != nil {
			return err
		}
	}
	l.store.records[l.key], err = r.Encode()
	return err
}

func (l *lease) Fail(reason error) error {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	l.store.failures[l.key] = reason
	return nil
}

func (l *lease) Lost() <-chan struct{} { return l.lost }

func (l *lease) Release() {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	if l.store.leases[l.key] == l {
		delete(l.store.leases, l.key)
	}
}
