//go:build unix && !linux

package disk

import (
	"errors"
	"syscall"
)

// hasEnded reports whether there is no process of this number.
func hasEnded(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// pidSpace is the same for all processes of a host.
func pidSpace() string { return "" }
