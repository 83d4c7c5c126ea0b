package tiered

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"foil/internal/store/remote"
)

// A health decides whether the remote is used, for reading or for writing.
//
// One request that makes no progress for the patience of a run is enough to end the use, and so are
// three failures one after the other. A server that answers, but slowly, has that time for all of its
// slow answers together. So a run never loses more time than that. When something could be sent a
// while later, the remote is used again, but only once.
type health struct {
	patience time.Duration

	mu       sync.Mutex
	off      bool
	err      error         // of the first request that failed
	ended    time.Time     // when it ended last
	ends     int           // how many times
	failures int           // one after the other
	lost     time.Duration // waiting for slow answers
}

const (
	maxFailures = 3
	maxLies     = 5
)

var (
	errOff   = errors.New("the remote cannot be used now")
	errTardy = errors.New("its answers take too long")
)

func (h *health) isOff() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.off
}

// maxEnds is the number of ends after which the remote is not used again.
const maxEnds = 2

// end ends the use. It returns true the first time.
func (h *health) end() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off {
		return false
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

// begin begins the use again, after a request that succeeded.
func (h *health) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off && h.ends < maxEnds && time.Since(h.ended) >= tryAgain {
		h.off, h.failures, h.lost = false, 0, 0
	}
}

// judge returns an error if the use must end because of a request with the error err. took is the
// time that it took; 0 if bytes arrived all the time.
func (h *health) judge(err error, took time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var refused *remote.RefusedError
	switch {
	case err == nil, remote.IsAbsent(err), errors.As(err, new(*remote.WrongError)):
		h.failures = 0
		if took > h.patience/4 {
			if h.lost += took; h.lost >= h.patience {
				return errTardy
			}
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

// ask sends a request to the remote for reading, unless its use has ended. quick requests have a
// time for all of them together.
func (s *Store) ask(ctx context.Context, what string, quick bool, request func() error) error {
	if s.reads.isOff() {
		return errOff
	}
	start := time.Now()
	err := request()
	if ctx.Err() != nil {
		return err
	}
	took := time.Duration(0)
	if quick {
		took = time.Since(start)
	}
	if bad := s.reads.judge(err, took); bad != nil && s.reads.end() {
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
	if many && s.reads.end() {
		s.opts.OnNote(fmt.Sprintf("remote %s: %d of its objects had wrong content; the run goes on without it", s.remote, maxLies))
	}
}
