package app

import "golang.org/x/sys/unix"

// machineMemory is the memory of the machine, or 0 if it is not known.
func machineMemory() int64 {
	n, _ := unix.SysctlUint64("hw.memsize")
	return int64(n)
}
