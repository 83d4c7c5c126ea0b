package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"foil/internal/store"
	"foil/internal/store/disk"
)

// tries runs the kind until it succeeds or has failed as often as its stage
// allows. Checkpoints stay from one try to the next. The record is the last try's.
func (j *job) tries(ctx context.Context, lock *disk.Lock, work *disk.Work, log *logFile) (*store.Record, error) {
	all := 1 + j.Node.Stage.Resources.Retries
	for try := 1; ; try++ {
		start := time.Now()
		usage, err := j.try(ctx, lock, work, log)
		r := j.record(start, time.Since(start), usage)
		switch {
		case err == nil || all == 1 || ctx.Err() != nil || j.foundDamage():
			return r, err
		case try == all:
			return r, fmt.Errorf("tried %d times, at last: %w", all, err)
		}
		fmt.Fprintf(log, "try %d of %d: %v\n", try, all, err)
		j.messages <- retried{cell: j.cell, err: err, try: try + 1}
		j.forgetTimings()
		if work, err = lock.Begin(); err != nil {
			return r, err
		}
	}
}

// try runs the kind once, for as long as its stage allows.
func (j *job) try(ctx context.Context, lock *disk.Lock, work *disk.Work, log *logFile) (Usage, error) {
	limit := j.Node.Stage.Resources.Timeout
	if limit == 0 {
		return j.run(ctx, work, log, lock)
	}
	late := fmt.Errorf("stopped after %s, the timeout of stage %q", timeText(limit), j.Node.Stage.Name)
	limited, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	usage, err := j.run(limited, work, log, lock)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = late
	}
	return usage, err
}

// timeText writes 1h30m instead of 1h30m0s.
func timeText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (j *job) foundDamage() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.damaged) > 0
}

func (j *job) forgetTimings() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.timings = nil
}
