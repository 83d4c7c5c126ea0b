package local

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// orphans are the processes that this process has adopted.
type orphans struct {
	before map[int]bool // child processes that this process had at the start, after an exec
	self   process
}

// adoptOrphans begins to adopt. It is called before the first child is started.
func adoptOrphans() *orphans {
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	o := &orphans{before: map[int]bool{}}
	for _, pid := range childrenOf(os.Getpid()) {
		o.before[pid] = true
	}
	o.self, _ = readProcess(os.Getpid())
	return o
}

// end kills the orphans of a family and their descendants.
func (o *orphans) end(f *family) {
	none := 0
	killAll(func() (list []int, left bool) {
		for none < looks {
			f.mu.Lock()
			list := o.find(f.started)
			f.mu.Unlock()
			if len(list) > 0 {
				none = 0
				return list, true
			}
			none++
			time.Sleep(shortest * time.Duration(none))
		}
		return nil, false
	}, hopeless)
}

// looks is how often no orphan must be found, one look after the other, before none is left: while
// processes end, the kernel's list of children can lack some of them.
const looks = 5

// find lists the orphans that are running, and waits for those that have ended. It knows them by
// the children that were started.
func (o *orphans) find(started map[int]bool) []int {
	var found []int
	for _, pid := range childrenOf(os.Getpid()) {
		if started[pid] || o.before[pid] {
			continue
		}
		if p, ok := readProcess(pid); !ok || o.isStranger(p) {
			continue
		}
		if got, err := unix.Wait4(pid, nil, unix.WNOHANG|unix.WALL, nil); got == 0 && err == nil {
			found = append(found, pid)
		}
	}
	return found
}

// isStranger reports whether a child process does not come from a cell. A cell has a process group
// of its own. The first process of a container also adopts what other sessions leave; there,
// processes of a cell that have left the session end with the container.
func (o *orphans) isStranger(p process) bool {
	return p.group == o.self.group || o.self.pid == 1 && p.session != o.self.session
}
