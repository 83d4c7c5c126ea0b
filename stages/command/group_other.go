//go:build !unix

package command

import (
	"os"
	"os/exec"
)

// There are no process groups here: what a program has started is its own to end.

func setGroup(*exec.Cmd) {}

func askToEnd(p *os.Process) error { return p.Kill() }

func killGroup(*os.Process) {}
