package local

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// peakMemory is the most that this process had in memory at once, or one of those
// that it started and waited for. Its own ru_maxrss would not do: it begins with
// what the parent had when it started this process.
func peakMemory() int64 {
	const kB = 1024
	var own int64
	status, _ := os.ReadFile("/proc/self/status")
	if _, rest, ok := bytes.Cut(status, []byte("\nVmHWM:")); ok {
		if fields := bytes.Fields(rest); len(fields) > 0 {
			own, _ = strconv.ParseInt(string(fields[0]), 10, 64)
		}
	}
	var children unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &children); err != nil {
		return own * kB
	}
	return max(own, int64(children.Maxrss)) * kB
}
