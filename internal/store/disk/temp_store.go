package disk

// TEMP: the seam over the old methods, until the branch "store" is merged.

import (
	"context"
	"errors"
	"iter"
	"os"

	"foil/internal/digest"
	"foil/internal/store"
)

var _ store.Store = (*Cache)(nil)

func (c *Cache) Lookup(_ context.Context, key digest.Key) (*store.Record, store.Miss, error) {
	r, reason, err := c.lookup(key)
	switch {
	case r != nil || err != nil:
		return r, store.Miss{}, err
	case reason == store.NeverMade.Reason:
		return nil, store.NeverMade, nil
	}
	return nil, store.Broken(reason), nil
}

func (c *Cache) Fetch(_ context.Context, f digest.File) (string, error) { return c.Object(f) }

func (c *Cache) Acquire(_ context.Context, key digest.Key) (store.Lease, error) {
	l, err := c.TryLock(key)
	if err != nil {
		return nil, err
	}
	return &lease{l: l}, nil
}

func (c *Cache) Holder(_ context.Context, key digest.Key) (*store.Holder, error) {
	s, err := c.WorkState(key)
	if err != nil || s == nil || !s.Running {
		return nil, err
	}
	return &store.Holder{Owner: s.Owner, Orphan: s.Orphan}, nil
}

func (c *Cache) Records(context.Context) iter.Seq2[*store.Record, error] {
	return func(yield func(*store.Record, error) bool) {
		list, err := c.Entries()
		if err != nil {
			yield(nil, err)
		}
		for _, e := range list {
			if e.Record != nil && !yield(e.Record, nil) {
				return
			}
		}
	}
}

type lease struct {
	l *Lock
	w *Work
}

func (l *lease) Begin() (*store.Workspace, error) {
	w, err := l.l.Begin()
	if err != nil {
		return nil, err
	}
	l.w = w
	return &store.Workspace{Out: w.Out, Checkpoint: w.Checkpoint, Log: w.Log, Resumes: w.Resumes()}, nil
}

func (l *lease) Publish(_ context.Context, _ *store.Workspace, r *store.Record) error {
	return l.w.Publish(r)
}

func (l *lease) Fail(err error) error {
	if l.w == nil {
		return errors.New("no attempt")
	}
	return l.w.Fail(err)
}
func (l *lease) Release()          { l.l.Unlock() }
func (l *lease) Inherit() *os.File { return l.l.File() }
