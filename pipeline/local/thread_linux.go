package local

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// onOneThread calls f and returns the processor time of its thread. Goroutines that f starts do not
// count.
func onOneThread(f func() error) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after unix.Rusage
	known := unix.Getrusage(unix.RUSAGE_THREAD, &before) == nil
	err := f()
	if !known || unix.Getrusage(unix.RUSAGE_THREAD, &after) != nil {
		return 0, err
	}
	return cpu(after) - cpu(before), err
}
