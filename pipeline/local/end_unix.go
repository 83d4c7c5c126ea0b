//go:build unix

package local

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// killChild kills a child and its process group.
func killChild(child *os.Process) { unix.Kill(-child.Pid, unix.SIGKILL) }

func ending(state *os.ProcessState) string {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return state.String()
	}
	text := fmt.Sprintf("killed by signal %d, %s", int(status.Signal()), unix.SignalName(status.Signal()))
	if status.Signal() == unix.SIGKILL {
		text += ": out of memory?"
	}
	return text
}
