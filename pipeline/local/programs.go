package local

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"foil/internal/words"
	"foil/pipeline"
)

// programs are the processes that a task has started, for its kind.
type programs struct {
	descendants *descendants
	terminated  sync.Once
}

var _ pipeline.Programs = (*programs)(nil)

func (p *programs) Terminate() { p.terminated.Do(p.descendants.terminate) }

func (p *programs) Ended(ctx context.Context, program *os.ProcessState, patience time.Duration) error {
	p.descendants.peak.note(programMemory(program))
	return p.await(ctx, patience)
}

// await waits until all have ended. If some have not within the patience, the error names them.
func (p *programs) await(ctx context.Context, patience time.Duration) error {
	if p.descendants.await(ctx, patience) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	names := p.descendants.names()
	if len(names) == 0 { // they end and start others all the time
		names = []string{"processes that cannot be named"}
	}
	return fmt.Errorf("still running: %s", words.Few(names))
}

// A peak is the largest of some sizes.
type peak struct{ atomic.Int64 }

func (p *peak) note(size int64) {
	for {
		old := p.Load()
		if size <= old || p.CompareAndSwap(old, size) {
			return
		}
	}
}
