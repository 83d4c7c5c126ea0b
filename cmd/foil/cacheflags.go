package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/models/backend"
	"foil/pipeline"
)

// cacheFlags say in which cache something is, and what its key depends on
// beside the spec.
type cacheFlags struct {
	cache   string
	data    string
	backend string
}

func (f *cacheFlags) register(cmd *cobra.Command) {
	f.registerCache(cmd)
	cmd.Flags().StringVar(&f.data, "data", "", "`DIR` with data sets that are already there (default $FOIL_DATA)")
	cmd.Flags().StringVar(&f.backend, "backend", backend.Default, "numeric `BACKEND`, in GoMLX's notation; this program has "+strings.Join(backend.Names(), ", "))
}

// registerCache is for commands that know no experiment.
func (f *cacheFlags) registerCache(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cache, "cache", "", "`DIR` of the cache (default $FOIL_CACHE, else .foil)")
}

func (f *cacheFlags) dir() string { return cmp.Or(f.cache, os.Getenv("FOIL_CACHE"), ".foil") }

// A cacheOpener is disk.Open or, for commands that start nothing, disk.Look.
type cacheOpener func(dir string) (*disk.Cache, error)

// options opens the cache and checks the flags.
func (f *cacheFlags) options(open cacheOpener) (pipeline.Options, error) {
	opts, err := f.optionsFor(nil)
	if err == nil {
		opts.Cache, err = open(f.dir())
	}
	return opts, err
}

// noteMissing tells that all is missing because there is no cache, as in a folder
// that was mistyped.
func (f *cacheFlags) noteMissing(out io.Writer) {
	if !disk.Exists(f.dir()) {
		fmt.Fprintf(out, "foil: there is no cache in %s yet; --cache or FOIL_CACHE names another folder\n", f.dir())
	}
}

// optionsFor checks the flags; the cache has been opened.
func (f *cacheFlags) optionsFor(c *disk.Cache) (pipeline.Options, error) {
	family, _, _ := strings.Cut(f.backend, ":")
	if !slices.Contains(backend.Names(), family) {
		return pipeline.Options{}, usageError{fmt.Errorf("unknown backend %q%s (this program has %s)", f.backend,
			suggestion(family, backend.Names()), strings.Join(backend.Names(), ", "))}
	}
	return pipeline.Options{
		Cache:   c,
		Env:     &pipeline.Env{DataDir: cmp.Or(f.data, os.Getenv("FOIL_DATA")), Downloads: filepath.Join(f.dir(), "downloads")},
		Backend: f.backend,
		Version: version(),
	}, nil
}

// existing opens a cache that has to be there: for commands to which an empty
// one would tell that a folder was mistyped.
func (f *cacheFlags) existing() (*disk.Cache, error) {
	if !disk.Exists(f.dir()) {
		return nil, fmt.Errorf("there is no cache in %s; --cache or FOIL_CACHE names another folder", f.dir())
	}
	return disk.Open(f.dir())
}

// A view is an experiment, or a part of it, held against a cache.
type view struct {
	plan  *pipeline.Plan
	cache *disk.Cache
}

// look plans what the flags choose of an experiment.
func look(ctx context.Context, e *experimentFlags, f *cacheFlags, experiment string) (*view, error) {
	g, err := e.load(experiment)
	if err != nil {
		return nil, err
	}
	return lookAt(ctx, g, f)
}

func lookAt(ctx context.Context, g *pipeline.Graph, f *cacheFlags) (*view, error) {
	opts, err := f.options(disk.Look)
	if err != nil {
		return nil, err
	}
	plan, err := g.Plan(ctx, opts)
	return &view{plan, opts.Cache}, err
}

// lookAtCell plans one cell of an experiment, with what it needs.
func lookAtCell(ctx context.Context, e *experimentFlags, f *cacheFlags, experiment, cell string) (*view, *pipeline.PlannedCell, error) {
	g, err := e.load(experiment)
	if err != nil {
		return nil, nil, err
	}
	n, err := g.Cell(cell)
	if err != nil {
		return nil, nil, err
	}
	if g, err = g.Select([]string{n.ID}); err != nil {
		return nil, nil, err
	}
	v, err := lookAt(ctx, g, f)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(v.plan.Cells, func(c *pipeline.PlannedCell) bool { return c.Node == n })
	return v, v.plan.Cells[i], nil
}

// experimentAndCell is for commands that take an experiment and one of its cells.
func experimentAndCell(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usageError{fmt.Errorf("foil %s takes an experiment and a cell of it, not %d arguments; such as: foil %s", cmd.Name(), len(args), firstExample(cmd))}
	}
	return nil
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return strings.TrimPrefix(line, "foil ")
}
