//go:build unix

package local

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A meter measures a task of this process: the process itself and its descendants that have ended.
type meter struct{ own, children unix.Rusage }

// startMeter starts to measure. For the first task, the start of the process counts, too.
func startMeter(first bool) *meter {
	m := &meter{}
	if !first {
		unix.Getrusage(unix.RUSAGE_SELF, &m.own)
		unix.Getrusage(unix.RUSAGE_CHILDREN, &m.children)
		resetPeak()
	}
	return m
}

// cpu is the processor time since the start.
func (m *meter) cpu() time.Duration {
	var own, children unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &own)
	unix.Getrusage(unix.RUSAGE_CHILDREN, &children)
	return cpu(own) - cpu(m.own) + cpu(children) - cpu(m.children)
}

// peakMemory is the largest resident memory of one process since the start. The system knows that
// of all ended children together. It belongs to this task only if it has grown.
func (m *meter) peakMemory() int64 {
	peak := ownPeak()
	var children unix.Rusage
	unix.Getrusage(unix.RUSAGE_CHILDREN, &children)
	if children.Maxrss > m.children.Maxrss {
		peak = max(peak, memoryOf(&children))
	}
	return peak
}

func cpu(u unix.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// programMemory is the largest resident memory of a program that has ended.
func programMemory(state *os.ProcessState) int64 {
	used, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return memoryOf(&unix.Rusage{Maxrss: used.Maxrss})
}
