//go:build unix && !linux

package command

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// endWithFoil does nothing. If foil is killed, the program continues, in a folder that the next run
// removes.
func endWithFoil(*syscall.SysProcAttr) {}

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
