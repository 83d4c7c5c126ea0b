package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// peakMain is the program `peak MEGABYTES COMMAND...`. It runs a command, and fails with the code 99
// if one of its processes has more memory than that at any time. It is a program of its own because
// Linux counts the memory of the process that starts a command as memory of the command.
func peakMain() {
	most, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		panic(err)
	}
	if used := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1000; used > most {
		fmt.Fprintf(os.Stderr, "peak: %d MB of memory, more than %d\n", used, most)
		os.Exit(99)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}
