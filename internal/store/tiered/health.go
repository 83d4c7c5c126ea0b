package tiered

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"foil/internal/store/remote"
)

// A health decides whether the remote is used for reading.
//
// One request that makes no progress for the patience of a run is enough to end the use, and so are
// three failures one after the other. A server that answers, but slowly, has that time for all of its
// slow answers together. So a run never loses more time than that at once. After a while the remote is
// used again, and after each end the while is twice as long.
type health struct {
	patience time.Duration

	mu       sync.Mutex
	off      bool
	err      error     // of the first request that failed, or why the use ended
	ended    time.Time // when it ended last
	ends     int       // how many times
	failures int       // one after the other
	slow     []span    // with at least one slow request; they do not overlap
}

// A span is a time with a begin and an end.
type span struct{ from, to time.Time }

const (
	maxFailures = 3
	maxLies     = 5
)

var (
	errOff   = errors.New("the remote cannot be used now")
	errTardy = errors.New("its answers take too long")
)

// maxDoublings bounds the time without a remote, to some eight hours.
const maxDoublings = 10

// isOff reports whether the remote must not be used. After a while it may be used again, and the
// next failure is enough to end that.
func (h *health) isOff() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off && time.Since(h.ended) >= tryAgain<<min(h.ends-1, maxDoublings) {
		h.off, h.failures, h.slow = false, maxFailures-1, nil
	}
	return h.off
}

// end ends the use because of err. It returns true the first time.
func (h *health) end(err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off {
		return false
	}
	if h.err == nil {
		h.err = err
	}
	h.off, h.ended = true, time.Now()
	h.ends++
	return h.ends == 1
}

func (h *health) reason() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// begin begins the use again, after something could be sent.
func (h *health) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off && time.Since(h.ended) >= tryAgain {
		h.off, h.failures, h.slow = false, maxFailures-1, nil
	}
}

// judge returns an error if the use must end because of a request with the error err. began is when
// it began; zero if bytes arrived all the time.
func (h *health) judge(err error, began time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var refused *remote.RefusedError
	switch {
	case err == nil, remote.IsAbsent(err), errors.As(err, new(*remote.WrongError)):
		h.failures = 0
		if now := time.Now(); !began.IsZero() && now.Sub(began) > h.patience/4 && h.lose(span{began, now}) >= h.patience {
			return errTardy
		}
		return nil
	}
	if h.err == nil {
		h.err = err
	}
	switch {
	case errors.Is(err, remote.ErrSlow):
		return err
	case errors.As(err, &refused) && refused.IsDenied():
		return err
	}
	if h.failures++; h.failures >= maxFailures {
		return err
	}
	return nil
}

// lose adds the time of a slow request. It returns the time with at least one of them: many at once
// cost no more than one.
func (h *health) lose(lost span) (all time.Duration) {
	apart := h.slow[:0]
	for _, s := range h.slow {
		if s.to.Before(lost.from) || s.from.After(lost.to) {
			apart = append(apart, s)
			continue
		}
		if s.from.Before(lost.from) {
			lost.from = s.from
		}
		if s.to.After(lost.to) {
			lost.to = s.to
		}
	}
	h.slow = append(apart, lost)
	for _, s := range h.slow {
		all += s.to.Sub(s.from)
	}
	return all
}

// ask sends a request to the remote for reading, unless its use has ended. quick requests have a
// time for all of them together.
func (s *Store) ask(ctx context.Context, what string, quick bool, request func(context.Context) error) error {
	if s.reads.isOff() {
		return errOff
	}
	var began time.Time
	asking := ctx
	if quick {
		asking = remote.OnBegin(ctx, func() { began = time.Now() })
	}
	err := request(asking)
	if ctx.Err() != nil {
		return err
	}
	if bad := s.reads.judge(err, began); bad != nil && s.reads.end(bad) {
		s.opts.OnNote(fmt.Sprintf("remote %s: %v; the run goes on without it", s.remote, bad))
	}
	var wrong *remote.WrongError
	if errors.As(err, &wrong) {
		s.tellWrong(fmt.Sprintf("%s: %v", what, wrong))
	}
	return err
}

// tellWrong tells that the remote holds something wrong, once.
func (s *Store) tellWrong(text string) {
	s.mu.Lock()
	told := s.wrong
	s.wrong = true
	s.mu.Unlock()
	if !told {
		s.opts.OnNote(fmt.Sprintf("remote %s: %s; it is not used, and this may be so for others", s.remote, text))
	}
}

// lied counts objects with wrong content, each of which was transferred in vain.
func (s *Store) lied() {
	s.mu.Lock()
	s.lies++
	many := s.lies >= maxLies
	s.mu.Unlock()
	err := fmt.Errorf("%d of its objects had wrong content", maxLies)
	if many && s.reads.end(err) {
		s.opts.OnNote(fmt.Sprintf("remote %s: %v; the run goes on without it", s.remote, err))
	}
}
