//go:build unix && !linux

package local

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// peakMemory is the largest resident memory of this process or of a child that it waited for.
func peakMemory() int64 {
	unit := int64(1024)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	var own, children unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &own)
	unix.Getrusage(unix.RUSAGE_CHILDREN, &children)
	return max(int64(own.Maxrss), int64(children.Maxrss)) * unit
}
