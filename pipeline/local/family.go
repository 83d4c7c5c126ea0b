package local

import (
	"os/exec"
	"sync"
)

// A family is the child processes of this process. They are of two kinds: those that it has started
// to serve tasks, and orphans, which killed children have left. (A child that ends by itself leaves
// none.)
type family struct {
	mu      sync.Mutex
	started map[int]bool // the PIDs of running children
	orphans *orphans     // nil before the first child is started
}

// ours is the family of this process, for all its Processes.
var ours family

// start starts a child. In the meantime no child can be taken for an orphan.
func (f *family) start(cmd *exec.Cmd) (*link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.orphans == nil {
		f.orphans = adoptOrphans()
		f.started = map[int]bool{}
	}
	l, err := startChild(cmd)
	if err == nil {
		f.started[cmd.Process.Pid] = true
	}
	return l, err
}

// wait waits for a child, and forgets it.
func (f *family) wait(cmd *exec.Cmd) {
	cmd.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.started, cmd.Process.Pid)
}

// endOrphans kills all orphans and their descendants, and waits for their end.
func (f *family) endOrphans() {
	f.mu.Lock()
	o := f.orphans
	f.mu.Unlock()
	if o != nil {
		o.end(f)
	}
}
