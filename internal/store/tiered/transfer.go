package tiered

import (
	"context"
	"fmt"
	"sync"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/remote"
)

// Name is the address of the remote without secrets.
func (s *Store) Name() string { return s.remote.String() }

// Traffic is what was asked of the remote.
func (s *Store) Traffic() remote.Traffic { return s.remote.Traffic() }

// Err is the error of the first request that failed while the remote was read, or nil.
func (s *Store) Err() error { return s.reads.reason() }

// eachAtOnce calls f for several elements at once, until one returns an error. progress gets how many
// are done, from one goroutine at a time.
func eachAtOnce[T any](ctx context.Context, list []T, slots int, progress func(done, all int), f func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	free := make(chan struct{}, slots)
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for _, e := range list {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-free }()
			if err := f(ctx, e); err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; progress != nil {
				progress(done, len(list))
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// Push sends results of the cache and the manifest of the plan. Unlike a run, it ends with the first
// error. It looks at every object, so it heals what the remote has lost.
func (s *Store) Push(ctx context.Context, records []*store.Record, progress func(done, all int)) (Sent, error) {
	if !s.opts.Plan.IsZero() {
		if p, err := s.remote.GetPlan(ctx, s.opts.Plan); err == nil {
			s.plan = p
		}
	}
	err := eachAtOnce(ctx, records, atOnce, progress, s.sendAll)
	if err == nil && !s.opts.Plan.IsZero() {
		err = s.remote.PutPlan(ctx, s.opts.Plan, s.plan)
	}
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	return s.uploads.sent, err
}

// Pulled is what Pull did.
type Pulled struct {
	Records, Known int
	Lost           []string // results that could not be had, with the reason
}

// Pull gets all files of results, also their logs.
func (s *Store) Pull(ctx context.Context, records []*store.Record, progress func(done, all int)) (Pulled, error) {
	var p Pulled
	var mu sync.Mutex
	err := eachAtOnce(ctx, records, atOnce, progress, func(ctx context.Context, r *store.Record) error {
		if known, _, err := s.local.Lookup(ctx, r.Key); known != nil || err != nil {
			mu.Lock()
			defer mu.Unlock()
			p.Known++
			return err
		}
		if r.Log != nil {
			s.Prepare(ctx, []digest.File{*r.Log}, true) // no result depends on it
		}
		damaged := s.Prepare(ctx, r.Outputs, true)
		if damaged == nil {
			if _, err := s.local.Adopt(ctx, r); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if damaged == nil {
			p.Records++
		} else {
			p.Lost = append(p.Lost, fmt.Sprintf("%s: its output %s", r.Cell, damaged[0].Error()))
		}
		return nil
	})
	return p, err
}
