//go:build unix

package pipeline

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Killed says which signal ended a process: "killed by signal 9, SIGKILL: out of memory?". It
// returns "" for a process that ended by itself.
func Killed(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return ""
	}
	text := fmt.Sprintf("killed by signal %d, %s", int(status.Signal()), unix.SignalName(status.Signal()))
	if status.Signal() == unix.SIGKILL {
		text += ": out of memory?"
	}
	return text
}
