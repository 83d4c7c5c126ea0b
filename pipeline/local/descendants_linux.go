package local

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// knowsAll: a child knows all processes that a task started. So it can serve one task after the
// other.
const knowsAll = true

// descendants are the processes that a child has started, directly or indirectly. A child serves
// one task at a time, so they all belong to this task.
type descendants struct {
	peak peak // memory of the processes that have ended, as far as they are known
}

// adopt makes this process the parent of all its descendants whose parents end. Kernels that cannot
// do this are older than those that Go supports.
func adopt() *descendants {
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	return &descendants{}
}

// ended waits for all children that have ended, and reports whether no child is left. Then there
// are no descendants, and none can be started. The kind must have waited for its own programs.
func (d *descendants) ended() bool {
	for {
		var used unix.Rusage
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, &used)
		switch {
		case err == unix.ECHILD:
			return true
		case err == unix.EINTR:
		case err != nil || pid == 0:
			return false
		default:
			d.peak.note(memoryOf(&used))
		}
	}
}

// reapExcept waits for all children that have ended, except for one.
func (d *descendants) reapExcept(program int) {
	for _, pid := range childrenOf(os.Getpid()) {
		var used unix.Rusage
		if pid == program {
			continue
		}
		if got, err := unix.Wait4(pid, nil, unix.WNOHANG|unix.WALL, &used); got == pid && err == nil {
			d.peak.note(memoryOf(&used))
		}
	}
}

// await waits until all descendants have ended, for some time. It reports whether they have.
func (d *descendants) await(ctx context.Context, patience time.Duration) bool {
	deadline := time.Now().Add(patience)
	for pause := shortest; !d.ended(); pause = min(2*pause, longest) {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return false
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return true
}

// names describes the descendants that are running.
func (d *descendants) names() []string {
	var names []string
	for _, pid := range d.list() {
		if p, ok := readProcess(pid); ok && !p.ended {
			names = append(names, describe(pid))
		}
	}
	return names
}

func (d *descendants) list() []int { return below(childrenOf(os.Getpid()), func(int) {}) }

// terminate asks all descendants to end.
func (d *descendants) terminate() {
	for _, pid := range d.list() {
		unix.Kill(pid, unix.SIGTERM)
	}
}

// kill ends all descendants, for some time at most. It reports whether none is left. The kernel's
// list of children can lack some of them while processes end, but its answer that there are no
// children is right.
func (d *descendants) kill(limit time.Duration) bool {
	return killAll(func() (list []int, left bool) {
		if d.ended() {
			return nil, false
		}
		return childrenOf(os.Getpid()), true
	}, limit)
}
