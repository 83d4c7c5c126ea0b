package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/cache"
	"foil/models/backend"
	"foil/pipeline"
)

// runFlags say where and with what a graph is planned or run.
type runFlags struct {
	cache   string
	data    string
	backend string
	jobs    int
	threads int
	offline bool
}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.cache, "cache", "", "`DIR` of the cache (default $FOIL_CACHE, else .foil)")
	flags.StringVar(&f.data, "data", "", "`DIR` with data sets that are already there (default $FOIL_DATA)")
	flags.StringVar(&f.backend, "backend", backend.Default, "numeric `BACKEND`, in GoMLX's notation; this program has "+strings.Join(backend.Names(), ", "))
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
func (f *runFlags) options() (pipeline.Options, error) {
	if f.jobs < 0 || f.threads < 1 {
		return pipeline.Options{}, usageError{fmt.Errorf("--jobs is at least 0 and --threads at least 1")}
	}
	family, _, _ := strings.Cut(f.backend, ":")
	if !slices.Contains(backend.Names(), family) {
		return pipeline.Options{}, usageError{fmt.Errorf("unknown backend %q%s (this program has %s)", f.backend,
			suggestion(family, backend.Names()), strings.Join(backend.Names(), ", "))}
	}
	dir := cmp.Or(f.cache, os.Getenv("FOIL_CACHE"), ".foil")
	c, err := cache.Open(dir)
	if err != nil {
		return pipeline.Options{}, err
	}
	return pipeline.Options{
		Cache: c,
		Env: &pipeline.Env{
			DataDir:   cmp.Or(f.data, os.Getenv("FOIL_DATA")),
			Downloads: filepath.Join(dir, "downloads"),
			Offline:   f.offline,
		},
		Backend: f.backend,
		Workers: f.jobs,
		Cores:   f.threads,
		Version: version(),
	}, nil
}
