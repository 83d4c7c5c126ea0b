package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"foil/pipeline"
)

// patienceFlags say when a run gives up, and how much it may lose.
type patienceFlags struct {
	failFast   bool
	checkpoint time.Duration
}

func (f *patienceFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop everything when a cell fails, instead of going on with what does not need it")
	flags.DurationVar(&f.checkpoint, "checkpoint-every", 0, "how long an interrupted training may have to go back, `DURATION` such as 1m (default ten seconds, more where a checkpoint is slow)")
}

// apply checks the flags and puts them into the options of a run.
func (f *patienceFlags) apply(opts *pipeline.Options) error {
	if f.checkpoint < 0 {
		return usageError{fmt.Errorf("--checkpoint-every takes a time above 0, not %s", f.checkpoint)}
	}
	opts.FailFast, opts.CheckpointEvery = f.failFast, f.checkpoint
	return nil
}
