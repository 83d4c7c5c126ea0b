//go:build unix

package command

import (
	"os"
	"os/exec"
	"syscall"
)

func setGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithFoil(cmd.SysProcAttr)
}

func askToEnd(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGTERM) }

// killGroup kills the remaining processes of the group. The system does not reuse the group's
// number as long as one of them is alive.
func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
