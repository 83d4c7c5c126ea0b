//go:build unix

package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// killChild kills a child and its process group.
func killChild(child *os.Process) { unix.Kill(-child.Pid, unix.SIGKILL) }
