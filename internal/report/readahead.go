package report

import (
	"runtime"
	"sync"
	"sync/atomic"

	"foil/internal/artifact"
	"foil/internal/digest"
)

// A readAhead reads the outcomes of several cells at the same time. Cells take them in the usual order,
// so that units have the same numbers however many processors there are.
type readAhead struct {
	ready map[digest.Digest]readOutcomes
}

type readOutcomes struct {
	outcomes *artifact.Outcomes
	err      error
}

// take reads the outcomes of a cell, unless they have been read. It returns them once.
func (r *readAhead) take(c Cell) (*artifact.Outcomes, error) {
	if have, ok := r.ready[c.Digest]; ok {
		delete(r.ready, c.Digest)
		return have.outcomes, have.err
	}
	return c.Outcomes()
}

// start reads the outcomes of cells whose outputs differ.
func (r *readAhead) start(cells []Cell) {
	read := make([]readOutcomes, len(cells))
	inParallel(len(cells), func(i int) error {
		read[i].outcomes, read[i].err = cells[i].Outcomes()
		return nil
	})
	if r.ready == nil {
		r.ready = map[digest.Digest]readOutcomes{}
	}
	for i, c := range cells {
		r.ready[c.Digest] = read[i]
	}
}

// inParallel calls do for the numbers below n on all processors. It returns the error of the lowest number.
func inParallel(n int, do func(int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = do(i)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readTogether reads the files of the first of some cells: those that are not read yet, and no more
// than fit into little memory.
func (s *stage) readTogether(cells []Cell) {
	most := 2 * runtime.GOMAXPROCS(0)
	var some []Cell
	seen := map[digest.Digest]bool{}
	for _, c := range cells {
		_, ready := s.ahead.ready[c.Digest]
		if s.outcomes[c.Digest] != nil || ready || seen[c.Digest] || c.Outcomes == nil {
			continue
		}
		seen[c.Digest] = true
		if some = append(some, c); len(some) == most {
			break
		}
	}
	if len(some) > 1 {
		s.ahead.start(some)
	}
}
