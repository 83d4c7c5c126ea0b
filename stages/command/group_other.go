//go:build !unix

package command

import (
	"context"
	"os"
	"os/exec"
	"time"
)

// There are no process groups here: a program must end the processes that it has started.

func setGroup(*exec.Cmd) {}

func askToEnd(p *os.Process) error { return p.Kill() }

func killGroup(*os.Process) {}

func awaitGroup(context.Context, *os.ProcessState, time.Duration) error { return nil }
