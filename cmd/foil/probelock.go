package main

import (
	"context"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
)

const probeLock = "probe-lock"

// newProbeLock is the internal command that foil starts once for each new cache, to check whether
// locks work between two processes.
func newProbeLock() *cobra.Command {
	return &cobra.Command{
		Use:    probeLock + " FILE",
		Short:  "Try to lock a file that another foil has locked",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return disk.AnswerProbe(args[0], cmd.OutOrStdout())
		},
	}
}

// probeProcess starts this program again to probe a lock.
func probeProcess(program string) func(ctx context.Context, path string) *exec.Cmd {
	return func(ctx context.Context, path string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program)
		cmd.Args = []string{os.Args[0], probeLock, path}
		return cmd
	}
}
