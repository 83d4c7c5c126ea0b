package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"foil/models/backend"
	"foil/pipeline"
)

// runFlags say where and with what a graph is planned or run.
type runFlags struct {
	cacheFlags
	jobs    int
	threads int
	offline bool
}

func (f *runFlags) register(cmd *cobra.Command) {
	f.cacheFlags.register(cmd)
	flags := cmd.Flags()
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "cells at once at most, `N` (default: as many as the cores allow)")
	flags.IntVar(&f.threads, "threads", 1, "cores of a cell whose stage does not say it, `N`")
	flags.BoolVar(&f.offline, "offline", false, "never use the network")
}

// checkBackend opens the backend once before anything is done: its options may
// be wrong, or its library missing.
func checkBackend(name string) error {
	b, err := backend.Open(name, 1)
	if err != nil {
		return err
	}
	b.Finalize()
	return nil
}

// options opens the cache and checks the flags.
func (f *runFlags) options(open cacheOpener) (pipeline.Options, error) {
	if f.jobs < 0 || f.threads < 1 {
		return pipeline.Options{}, usageError{fmt.Errorf("--jobs is at least 0 and --threads at least 1")}
	}
	opts, err := f.cacheFlags.options(open)
	if err != nil {
		return opts, err
	}
	opts.Env.Offline = f.offline
	opts.Workers, opts.Cores = f.jobs, f.threads
	return opts, nil
}
