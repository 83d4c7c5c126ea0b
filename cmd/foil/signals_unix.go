//go:build unix

package main

import (
	"os"
	"syscall"
)

// endingSignals end the program like Ctrl-C.
var endingSignals = []os.Signal{syscall.SIGUSR1}
