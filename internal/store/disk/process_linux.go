package disk

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// hasEnded reports whether there is no process with this number, or only a zombie.
func hasEnded(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	// 7 (a name that may contain any character) Z 1 ...
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	return len(fields) > 0 && bytes.ContainsAny(fields[0], "ZX")
}

// pidSpace identifies the processes that this one can see: by the boot of the machine, because
// several machines may have the same name and the first PID namespace has the same number on all of
// them, and by the PID namespace, because containers may share the name of a host but not its
// processes.
var pidSpace = sync.OnceValue(func() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	name, _ := os.Readlink("/proc/self/ns/pid")
	return string(bytes.TrimSpace(boot)) + " " + name
})
