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
	stopReaping func() // nil: there is no program
}

var _ pipeline.Programs = (*programs)(nil)

// reapInterval is the time between two looks for adopted processes that have ended. Without them, a
// program that runs for hours and starts many processes could use up the numbers of processes.
const reapInterval = 200 * time.Millisecond

func (p *programs) Started(program *os.Process) {
	ended := make(chan struct{})
	var reaping sync.WaitGroup
	reaping.Go(func() {
		tick := time.NewTicker(reapInterval)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				p.descendants.reapExcept(program.Pid) // package os waits for that one
			}
		}
	})
	p.stopReaping = func() {
		close(ended)
		reaping.Wait()
	}
}

// stop ends what Started began.
func (p *programs) stop() {
	if p.stopReaping != nil {
		p.stopReaping()
		p.stopReaping = nil
	}
}

func (p *programs) Terminate() { p.terminated.Do(p.descendants.terminate) }

func (p *programs) Ended(ctx context.Context, program *os.ProcessState, patience time.Duration) error {
	p.stop()
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
