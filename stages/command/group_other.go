//go:build !unix

package command

import (
	"os"
	"os/exec"
)

// There are no process groups here: a program must end the processes that it has started.

func setGroup(*exec.Cmd) {}

func askToEnd(p *os.Process) error { return p.Kill() }

func killGroup(*os.Process) {}
