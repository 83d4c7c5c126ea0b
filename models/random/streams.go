package random

import (
	"fmt"
	"math/rand/v2"
)

// Streams are the generators of one run, by purpose. What they will draw next can
// be saved and restored.
type Streams struct {
	seed    uint64
	sources map[string]*rand.PCG
}

// NewStreams returns the streams of a seed; none has been drawn from.
func NewStreams(seed uint64) *Streams {
	return &Streams{seed: seed, sources: map[string]*rand.PCG{}}
}

// Source returns the stream for a purpose, the same each time.
func (s *Streams) Source(purpose string) *rand.PCG {
	if s.sources[purpose] == nil {
		s.sources[purpose] = Source(s.seed, purpose)
	}
	return s.sources[purpose]
}

// State returns where each stream that has been asked for is.
func (s *Streams) State() (map[string][]byte, error) {
	state := make(map[string][]byte, len(s.sources))
	for purpose, source := range s.sources {
		text, err := source.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("random stream %q: %w", purpose, err)
		}
		state[purpose] = text
	}
	return state, nil
}

// Restore sets the streams to a state, which has to have the streams that have been
// asked for and no others.
func (s *Streams) Restore(state map[string][]byte) error {
	if len(state) != len(s.sources) {
		return fmt.Errorf("the state has %d random streams, not %d", len(state), len(s.sources))
	}
	for purpose, source := range s.sources {
		text, ok := state[purpose]
		if !ok {
			return fmt.Errorf("the state has no random stream %q", purpose)
		}
		if err := source.UnmarshalBinary(text); err != nil {
			return fmt.Errorf("random stream %q: %w", purpose, err)
		}
	}
	return nil
}
