package random

import (
	"fmt"
	"math/rand/v2"
)

// Streams are the generators of one run, by purpose. Their state can be saved and restored.
type Streams struct {
	seed    uint64
	sources map[string]*rand.PCG
}

// NewStreams returns the streams of a seed, all at their start.
func NewStreams(seed uint64) *Streams {
	return &Streams{seed: seed, sources: map[string]*rand.PCG{}}
}

// Source returns the stream for a purpose. Each call returns the same stream.
func (s *Streams) Source(purpose string) *rand.PCG {
	if s.sources[purpose] == nil {
		s.sources[purpose] = Source(s.seed, purpose)
	}
	return s.sources[purpose]
}

// State returns the state of each stream that has been used.
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

// Restore sets the streams to a state. The state must have exactly the streams that have been used.
func (s *Streams) Restore(state map[string][]byte) error {
	if len(state) != len(s.sources) {
		return fmt.Errorf("the saved state has %d random streams, but the training uses %d", len(state), len(s.sources))
	}
	for purpose, source := range s.sources {
		text, ok := state[purpose]
		if !ok {
			return fmt.Errorf("the saved state has no random stream %q", purpose)
		}
		if err := source.UnmarshalBinary(text); err != nil {
			return fmt.Errorf("random stream %q: %w", purpose, err)
		}
	}
	return nil
}
