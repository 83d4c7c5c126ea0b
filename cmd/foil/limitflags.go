package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"foil/pipeline"
	"foil/spec"
)

// limitFlags say what a run may take of the machine, when it gives up, and how
// much it may lose.
type limitFlags struct {
	cores      int
	memory     string
	gpus       int
	failFast   bool
	checkpoint time.Duration
}

func (f *limitFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.cores, "cores", 0, "cores that all cells may keep busy at once, `N` (default: all)")
	flags.StringVar(&f.memory, "memory", "", "memory that all cells may take at once, as far as their stages say it, `SIZE` such as 16GB (default: what the machine has)")
	flags.IntVar(&f.gpus, "gpus", 0, "GPUs that all cells may take at once, `N`")
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop everything when a cell fails, instead of going on with what does not need it")
	flags.DurationVar(&f.checkpoint, "checkpoint-every", 0, "how long an interrupted training may have to go back, `DURATION` such as 1m (default ten seconds, more where a checkpoint is slow)")
}

// apply checks the flags and puts them into the options of a run.
func (f *limitFlags) apply(opts *pipeline.Options) error {
	if f.cores < 0 || f.gpus < 0 {
		return usageError{fmt.Errorf("--cores and --gpus are at least 0")}
	}
	if f.checkpoint < 0 {
		return usageError{fmt.Errorf("--checkpoint-every takes a time above 0, not %s", f.checkpoint)}
	}
	opts.FailFast, opts.CheckpointEvery = f.failFast, f.checkpoint
	opts.Limits = pipeline.Limits{Cores: f.cores, Memory: machineMemory(), GPUs: f.gpus}
	if f.cores == 0 {
		opts.Limits.Cores = runtime.GOMAXPROCS(0)
	}
	if f.memory != "" {
		size, ok := spec.ParseSize(f.memory)
		if !ok || size == 0 {
			return usageError{fmt.Errorf("--memory %s: a number with a unit is needed, such as 16GB", f.memory)}
		}
		opts.Limits.Memory = size
	}
	return nil
}
