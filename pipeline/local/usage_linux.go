package local

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func memoryOf(u *unix.Rusage) int64 { return int64(u.Maxrss) * 1024 }

// resetPeak starts the measurement of ownPeak again.
func resetPeak() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// ownPeak is the largest resident memory of this process. Its ru_maxrss cannot be used, because it
// starts at the memory of the parent.
func ownPeak() int64 {
	const kB = 1024
	status, _ := os.ReadFile("/proc/self/status")
	if _, rest, ok := bytes.Cut(status, []byte("\nVmHWM:")); ok {
		if fields := bytes.Fields(rest); len(fields) > 0 {
			n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
			return n * kB
		}
	}
	return 0
}
