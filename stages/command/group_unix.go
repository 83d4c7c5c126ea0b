//go:build unix

package command

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func setGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithFoil(cmd.SysProcAttr)
}

func askToEnd(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGTERM) }

// killGroup kills the remaining processes of the group. The system does not reuse the group's
// number as long as one of them is alive.
func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

// awaitGroup is Programs.Ended for the processes that are still in the program's group.
func awaitGroup(ctx context.Context, program *os.ProcessState, patience time.Duration) error {
	const pause = 5 * time.Millisecond
	for deadline := time.Now().Add(patience); syscall.Kill(-program.Pid(), 0) == nil; {
		if time.Now().After(deadline) {
			return fmt.Errorf("still running: processes of the group %d", program.Pid())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}
