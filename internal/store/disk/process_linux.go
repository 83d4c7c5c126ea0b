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

// pidSpace identifies the PID namespace of this process, because containers may share the name of a
// host but not its processes.
var pidSpace = sync.OnceValue(func() string {
	name, _ := os.Readlink("/proc/self/ns/pid")
	return name
})
