package app

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machineMemory is the memory that this process may use, or 0 if it is not known.
func machineMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	memory := int64(uint64(info.Totalram) * uint64(info.Unit))
	// A container may have less memory than the machine.
	text, _ := os.ReadFile("/sys/fs/cgroup/memory.max")
	if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 {
		memory = min(memory, limit)
	}
	return memory
}
