package disk

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// hasEnded reports whether there is no process of this number, or only what is left of one until
// its parent asks how it ended.
func hasEnded(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	// 7 (a name, in which anything may stand) Z 1 ...
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	return len(fields) > 0 && bytes.ContainsAny(fields[0], "ZX")
}

// pidSpace names the set of processes in which this one has its number: containers
// may share a host's name, but not its processes.
var pidSpace = sync.OnceValue(func() string {
	name, _ := os.Readlink("/proc/self/ns/pid")
	return name
})
