package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"foil/pipeline"
	"foil/spec"
)

// limitFlags say what a run may take of the machine.
type limitFlags struct {
	cores  int
	memory string
	gpus   int
}

func (f *limitFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.cores, "cores", 0, "cores that all cells may keep busy at once, `N` (default: all)")
	flags.StringVar(&f.memory, "memory", "", "memory that all cells may take at once, as far as their stages say it, `SIZE` such as 16GB (default: what the machine has)")
	flags.IntVar(&f.gpus, "gpus", 0, "GPUs that all cells may take at once, `N`")
}

// apply checks the flags and puts them into the options of a plan or a run.
func (f *limitFlags) apply(opts *pipeline.Options) error {
	if f.cores < 0 || f.gpus < 0 {
		return usageError{fmt.Errorf("--cores and --gpus are at least 0")}
	}
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
