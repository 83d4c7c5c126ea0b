package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"foil/internal/app"
	"foil/internal/store/disk"
	"foil/internal/words"
	"foil/models/backend"
	"foil/pipeline/graph"
	"foil/spec"
)

// experimentFlags change an experiment.
type experimentFlags struct{ sets, only []string }

func (f *experimentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.sets, "set", nil, "change the spec: `PATH=VALUE`, such as vars.lambda=[0,400] (repeatable). "+
		"VALUE is a number, true, false, null, a list [..], a map {..}, or a text, whose quotes are optional")
}

func (f *experimentFlags) registerOnly(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.only, "only", nil, "select `CELLS` and their dependencies, such as model or model[fold=0] (repeatable)")
}

func (f *experimentFlags) experiment(name string) app.Experiment {
	return app.Experiment{Name: name, Sets: f.sets, Only: f.only}
}

// writeNotes prints the notes on a spec.
func writeNotes(out io.Writer, g *graph.Graph) {
	for _, note := range g.Notes {
		fmt.Fprintf(out, "note: %v\n", note)
	}
}

// cacheFlags are the flags for the cache, and for the part of keys outside the spec.
type cacheFlags struct{ cache, data, backend string }

func (f *cacheFlags) register(cmd *cobra.Command) {
	f.registerCache(cmd)
	cmd.Flags().StringVar(&f.data, "data", "", "`DIR` with data sets that you have downloaded (default $FOIL_DATA)")
	cmd.Flags().StringVar(&f.backend, "backend", backend.Default, "numeric `BACKEND`, in GoMLX's notation; this program has "+strings.Join(backend.Names(), ", "))
}

// registerCache is for commands without an experiment.
func (f *cacheFlags) registerCache(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cache, "cache", "", "`DIR` of the cache (default $FOIL_CACHE, else .foil)")
}

func (f *cacheFlags) dir() string { return app.CacheDir(f.cache) }

// setup checks the flags.
func (f *cacheFlags) setup() (app.Setup, error) {
	family, _, _ := strings.Cut(f.backend, ":")
	if !slices.Contains(backend.Names(), family) {
		return app.Setup{}, usageError{fmt.Errorf("unknown backend %q%s", f.backend, spec.Suggestion(family, backend.Names()))}
	}
	return app.Setup{Cache: f.dir(), Data: f.data, Backend: f.backend}, nil
}

// noteMissing reports that the cache does not exist, for example because its folder was mistyped.
func (f *cacheFlags) noteMissing(cmd *cobra.Command) {
	if !disk.Exists(f.dir()) {
		fmt.Fprintf(cmd.ErrOrStderr(), "foil: there is no cache in %s yet; --cache or FOIL_CACHE names another folder\n", f.dir())
	}
}

// runFlags set how cells run.
type runFlags struct {
	cacheFlags
	remote  remoteFlags
	jobs    int
	threads int
	offline bool
	cores   int
	memory  string
	gpus    int
	changed func(flag string) bool // whether a flag is given
}

func (f *runFlags) register(cmd *cobra.Command) {
	f.cacheFlags.register(cmd)
	f.remote.register(cmd)
	f.remote.registerReadOnly(cmd)
	f.remote.registerSign(cmd)
	flags := cmd.Flags()
	f.changed = flags.Changed
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "run at most `N` cells in parallel (default: as many as the cores allow)")
	flags.IntVar(&f.threads, "threads", 1, "give `N` cores to a cell whose stage does not set cores")
	flags.BoolVar(&f.offline, "offline", false, "never use the network")
	flags.IntVar(&f.cores, "cores", 0, "use at most `N` cores for all cells together (default: all)")
	flags.StringVar(&f.memory, "memory", "", "use at most `SIZE` of memory, such as 16GB, for all cells whose stages set memory (default: all)")
	flags.IntVar(&f.gpus, "gpus", 0, "use at most `N` GPUs for all cells together")
}

// setup checks the flags.
func (f *runFlags) setup() (app.Setup, app.Running, error) {
	fail := func(format string, args ...any) (app.Setup, app.Running, error) {
		return app.Setup{}, app.Running{}, usageError{fmt.Errorf(format, args...)}
	}
	for _, flag := range []struct {
		name         string
		value, least int
	}{{"jobs", f.jobs, 1}, {"cores", f.cores, 1}, {"threads", f.threads, 1}, {"gpus", f.gpus, 0}} {
		if flag.value < flag.least && f.changed(flag.name) {
			return fail("--%s must be at least %d, not %d", flag.name, flag.least, flag.value)
		}
	}
	r := app.Running{Jobs: f.jobs, Limits: app.Machine()}
	r.Limits.GPUs = f.gpus
	if f.cores > 0 {
		r.Limits.Cores = f.cores
	}
	if f.memory != "" {
		size, err := spec.ParseSize(f.memory)
		if err != nil {
			return fail("--memory %s: %w", f.memory, err)
		}
		r.Limits.Memory = size
	}
	s, err := f.cacheFlags.setup()
	s.Offline, s.Threads = f.offline, f.threads
	if err == nil {
		s.Remote, err = f.remote.setup(f.offline)
	}
	return s, r, err
}

// stopFlags set when a run stops, and how much work an interruption can lose.
type stopFlags struct {
	failFast   bool
	checkpoint time.Duration
}

func (f *stopFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.failFast, "fail-fast", false, "stop the whole run when a cell fails (default: only the dependent cells are skipped)")
	flags.DurationVar(&f.checkpoint, "checkpoint-every", 0, checkpointUsage)
}

const checkpointUsage = "the longest work that an interruption can lose, a `DURATION` such as 1m (default ten seconds, more if writing a checkpoint is slow)"

// apply checks the flags.
func (f *stopFlags) apply(r *app.Running) error {
	if f.checkpoint < 0 {
		return usageError{fmt.Errorf("--checkpoint-every must be a time above 0, not %s", f.checkpoint)}
	}
	r.FailFast, r.CheckpointEvery = f.failFast, f.checkpoint
	return nil
}

// oneExperiment is for commands that take an experiment.
func oneExperiment(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s takes one experiment, by name or as a file, not %s%s", cmd.Name(), words.Count(len(args), "argument"), setAdvice(args))}
	}
	return nil
}

// experimentAndCell is for commands that take an experiment and one of its cells.
func experimentAndCell(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
		return usageError{fmt.Errorf("%s takes an experiment and one of its cells, not %s; for example: %s", cmd.Name(), words.Count(len(args), "argument"), example)}
	}
	return nil
}

// noArgs is for commands without arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		advice := ""
		if near := spec.Nearest(args[0], commandNames(cmd)); near != "" {
			advice = didYouMean(cmd.CommandPath() + " " + near)
		}
		return usageError{fmt.Errorf("%s takes no argument %q%s", cmd.Name(), args[0], advice)}
	}
	return nil
}

// noEmptyFlags rejects a flag with an empty value, such as --cache "$DIR" where DIR is not set. The
// command would use its default without a word.
func noEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			name, _ := pflag.UnquoteUsage(f)
			err = usageError{fmt.Errorf("--%s needs a %s, which is empty here", f.Name, name)}
		}
	})
	return err
}
