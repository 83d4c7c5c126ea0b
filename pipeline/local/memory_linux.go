package local

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// peakMemory is the largest resident memory of this process or of a child that it waited for. Its
// own ru_maxrss cannot be used, because it starts at the memory of the parent.
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
