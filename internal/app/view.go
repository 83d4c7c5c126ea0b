package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"foil/internal/store/disk"
	"foil/internal/store/tiered"
	"foil/models/backend"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/local"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/stages"
)

// A Setup names the cache and what keys depend on besides the spec.
type Setup struct {
	Cache   string // its folder; see CacheDir
	Data    string // folder with data sets that were downloaded before; empty: $FOIL_DATA
	Offline bool   // never use the network
	Backend string // numeric backend, in GoMLX's notation
	Threads int    // cores of a cell whose stage does not set cores; 0: one
	Remote  Remote // what other machines share; the zero Remote: nothing
}

// CacheDir is the folder of a cache: the one that is named, or the default.
func CacheDir(named string) string { return cmp.Or(named, os.Getenv("FOIL_CACHE"), ".foil") }

// OpenExisting opens a cache that must exist, because a new, empty cache would hide a mistyped
// folder.
func OpenExisting(dir string) (*disk.Cache, error) {
	if !disk.Exists(dir) {
		return nil, fmt.Errorf("there is no cache in %s; --cache or FOIL_CACHE names another folder", dir)
	}
	return disk.Open(dir)
}

// numeric is the backend in the form of keys.
func (s Setup) numeric() (plan.Numeric, error) {
	library, err := backend.Library(s.Backend)
	return plan.Numeric{Backend: s.Backend, Library: library}, err
}

// A View is a graph compared with a cache.
type View struct {
	Plan   *plan.Plan
	Cache  *disk.Cache
	Remote *tiered.Store // Cache with a remote behind it; nil: there is none
}

// View looks up the cells of a graph in a cache.
func (s Setup) View(ctx context.Context, g *graph.Graph, c *disk.Cache) (*View, error) {
	numeric, err := s.numeric()
	if err != nil {
		return nil, err
	}
	env := &pipeline.Env{
		DataDir:   cmp.Or(s.Data, os.Getenv("FOIL_DATA")),
		Downloads: filepath.Join(s.Cache, "downloads"),
		Offline:   s.Offline,

		Environments: filepath.Join(s.Cache, "environments"),
	}
	opts := plan.Options{Store: c, Env: env, Numeric: numeric, Cores: s.Threads}
	behind, err := s.Remote.behind(c, g, numeric)
	if err != nil {
		return nil, err
	}
	if behind != nil {
		opts.Store = behind
	}
	p, err := plan.New(ctx, g, opts)
	if err != nil {
		return nil, err
	}
	return &View{p, c, behind}, nil
}

// Look loads an experiment and looks up its cells, for commands that change nothing. It does not
// make a missing cache.
func (s Setup) Look(ctx context.Context, e Experiment) (*View, error) {
	g, err := e.Load()
	if err != nil {
		return nil, err
	}
	return s.lookAt(ctx, g)
}

func (s Setup) lookAt(ctx context.Context, g *graph.Graph) (*View, error) {
	c, err := disk.Look(s.Cache)
	if err != nil {
		return nil, err
	}
	return s.View(ctx, g, c)
}

// Open loads an experiment and looks up its cells, for a run. It makes a missing cache and checks
// that the backend works.
func (s Setup) Open(ctx context.Context, e Experiment) (*View, error) {
	g, err := e.Load()
	if err != nil {
		return nil, err
	}
	if err := g.Doubts(); err != nil {
		return nil, err
	}
	b, err := backend.Open(s.Backend, 1) // the options may be wrong, or the library missing
	if err != nil {
		return nil, err
	}
	b.Finalize()
	c, err := disk.Open(s.Cache)
	if err != nil {
		return nil, err
	}
	return s.View(ctx, g, c)
}

// LookAtCell looks up one cell of an experiment, with its dependencies.
func (s Setup) LookAtCell(ctx context.Context, e Experiment, name string) (*View, *plan.Cell, error) {
	g, err := e.Load()
	if err != nil {
		return nil, nil, err
	}
	n, err := g.Cell(name)
	if err != nil {
		return nil, nil, err
	}
	if g, err = g.Select([]string{n.ID}); err != nil {
		return nil, nil, err
	}
	v, err := s.lookAt(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(v.Plan.Cells, func(c *plan.Cell) bool { return c.Node == n })
	return v, v.Plan.Cells[i], nil
}

// Running configures a run. None of it changes a result.
type Running struct {
	Limits          pipeline.Limits  // resources of all cells together; see Machine
	Jobs            int              // cells in parallel; 0: as many as the limits allow
	Processes       *local.Processes // that run the cells; nil: this process runs them
	CheckpointEvery time.Duration    // the longest work that an interruption can lose; 0: each kind's default
	FailFast        bool             // stop everything when a cell fails
	OnEvent         func(run.Event)  // nil: no calls
	Idle            time.Duration    // of View.Work: see run.Worker
	OnNote          func(string)     // what people should know about the remote; nil: no calls
}

// Run makes the missing cells of a View: see run.Run.
func (v *View) Run(ctx context.Context, r Running) (*run.Result, error) {
	if err := v.checkMachine(); err != nil {
		return nil, err
	}
	defer v.share(ctx, r.OnNote)
	return run.Run(ctx, v.Plan, v.options(r))
}

func (v *View) options(r Running) run.Options {
	return run.Options{
		Executor:        v.executor(r),
		Workers:         r.Jobs,
		Version:         Version(),
		CheckpointEvery: r.CheckpointEvery,
		FailFast:        r.FailFast,
		OnEvent:         r.OnEvent,
		Deliver:         isReport,
	}
}

func (v *View) executor(r Running) run.Executor {
	return &local.Executor{Kinds: stages.All(), Store: v.Plan.Options.Store, Env: v.Plan.Options.Env, Limits: r.Limits, Numeric: backend.Signature, Processes: r.Processes}
}

// Estimate returns the estimated time of Run from past costs, and the number of cells that can run
// in parallel.
func (v *View) Estimate(past plan.Costs, r Running) (e *plan.Estimate, parallel int) {
	all := v.executor(r).Capacity()
	parallel = all.Cores
	if r.Jobs > 0 {
		parallel = min(parallel, r.Jobs)
	}
	return v.Plan.Estimate(past, all, parallel), parallel
}

// errNothingMade is the error of commands that require results.
func (v *View) errNothingMade() error {
	return fmt.Errorf("no cell of %s is cached; foil run makes them", v.Plan.Graph.Spec.Name)
}
