package local

import (
	"encoding/json"
	"io"
	"math"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/pipeline"
)

// An order is the message to a child: a task, its site, and the paths of its inputs.
type order struct {
	Task  *pipeline.Task           `json:"task"`
	Site  pipeline.Site            `json:"site"`
	Paths map[digest.Digest]string `json:"paths"`
}

// A message is sent by a child to its parent. One of its fields is set.
type message struct {
	Hello    *hello             `json:"hello,omitempty"` // first message of a task
	Progress *pipeline.Progress `json:"progress,omitempty"`
	Note     *string            `json:"note,omitempty"`
	Timing   *timing            `json:"timing,omitempty"`
	Numeric  *numeric.Signature `json:"numeric,omitempty"`
	Done     *done              `json:"done,omitempty"` // last message of a task
}

type hello struct {
	Version string `json:"version"` // of the program
}

type timing struct {
	Name     string        `json:"name"`
	Duration time.Duration `json:"nanoseconds"`
}

// A done message means that the task and all processes that it started have ended.
type done struct {
	Error      *pipeline.Failure `json:"error,omitempty"`
	CPU        time.Duration     `json:"cpu,omitempty"`         // nanoseconds
	PeakMemory int64             `json:"peak_memory,omitempty"` // bytes
}

// A sender writes messages. It is safe for concurrent use.
type sender struct {
	mu  sync.Mutex
	out *json.Encoder
}

func newSender(w io.Writer) *sender { return &sender{out: json.NewEncoder(w)} }

func (s *sender) send(m message) error {
	if m.Progress != nil && (math.IsNaN(m.Progress.Loss) || math.IsInf(m.Progress.Loss, 0)) {
		p := *m.Progress
		p.Loss = 0 // JSON has no NaN and no infinity
		m.Progress = &p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Encode(m)
}
