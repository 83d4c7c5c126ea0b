package command

import (
	"context"
	"errors"
	"os/exec"

	"foil/pipeline"
)

// A leftError means that a program succeeded, but left processes running for too long.
type leftError struct{ error }

// awaitOthers waits for the processes that a program has left running. If such a process had the
// output of the program open, then it has had its time already.
func awaitOthers(ctx context.Context, cell *pipeline.Cell, cmd *exec.Cmd, late bool) error {
	patience := grace
	if late {
		patience = 0
	}
	await := awaitGroup
	if cell.Programs != nil {
		await = cell.Programs.Ended
	}
	err := await(ctx, cmd.ProcessState, patience)
	switch {
	case err == nil && late:
		err = errors.New("something still had its output open")
	case err == nil || ctx.Err() != nil:
		return err
	}
	return &leftError{err}
}
