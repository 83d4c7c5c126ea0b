package main

import (
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// surviveClosedPipes lets the program go on when nobody reads its output any more. Without it, the
// first such write ends the program. The programs of cells are not affected.
func surviveClosedPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// unlessPipeClosed returns err, or nil if it means that nobody reads the output any more.
func unlessPipeClosed(err error) error {
	const (
		brokenPipe    = syscall.Errno(109) // Windows
		pipeIsClosing = syscall.Errno(232) // Windows
	)
	windows := runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, pipeIsClosing))
	if errors.Is(err, syscall.EPIPE) || windows {
		return nil
	}
	return err
}
