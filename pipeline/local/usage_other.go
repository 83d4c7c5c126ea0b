//go:build unix && !linux

package local

import (
	"runtime"

	"golang.org/x/sys/unix"
)

func memoryOf(u *unix.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) * 1024
}

// resetPeak does nothing: a child serves one task.
func resetPeak() {}

// ownPeak is the largest resident memory of this process.
func ownPeak() int64 {
	var own unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &own)
	return memoryOf(&own)
}
