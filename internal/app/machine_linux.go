package app

import (
	"math"
	"os"
	"path"
	"path/filepath"
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
	// A container or a job may have less memory than the machine.
	if limit := groupMemory("/"); limit > 0 {
		memory = min(memory, limit)
	}
	return memory
}

// groupMemory is the smallest memory limit of the control groups of this process and those above them,
// or 0 without a limit. root is the root of the file system.
func groupMemory(root string) int64 {
	const mount = "sys/fs/cgroup"
	least := int64(math.MaxInt64)
	read := func(file string) {
		text, _ := os.ReadFile(file)
		// The first version has a number near 2^63 for no limit.
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < 1<<60 {
			least = min(least, n)
		}
	}
	text, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	for line := range strings.Lines(string(text) + "0::/\n") { // what a container shows as the root
		f := strings.SplitN(strings.TrimSpace(line), ":", 3) // number, controllers, path
		if len(f) < 3 {
			continue
		}
		folder, file := "", "memory.max"
		if f[1] != "" {
			folder, file = "memory", "memory.limit_in_bytes"
			if !strings.Contains(","+f[1]+",", ",memory,") {
				continue
			}
		}
		for dir := path.Clean("/" + f[2]); ; dir = path.Dir(dir) {
			read(filepath.Join(root, mount, folder, dir, file))
			if dir == "/" {
				break
			}
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}
