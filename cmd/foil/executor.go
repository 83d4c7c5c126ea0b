package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/words"
	"foil/pipeline/run"
	"foil/pipeline/slurm"
	"foil/spec"
)

// The executors of foil run.
const (
	onThisMachine = "local"
	onSlurm       = "slurm"
)

// idleOnSlurm is the time after which a worker gives its node back, if it only waits for others.
const idleOnSlurm = 10 * time.Minute

// executorFlags choose where cells run.
type executorFlags struct {
	name   string
	detach bool
}

func (f *executorFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "executor", onThisMachine, "where cells run: local or slurm. With slurm, --jobs is the largest number of workers (default 16)")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "with --executor slurm, return when the workers are submitted")
}

// check checks the flags of a command.
func (f *executorFlags) check(cmd *cobra.Command) error {
	if f.name == onSlurm {
		for _, other := range []string{"cores", "memory", "gpus", "fail-fast"} {
			if !cmd.Flags().Changed(other) {
				continue
			}
			why := "stages set cores, memory and gpus, and --jobs the number of workers"
			if other == "fail-fast" {
				why = "foil cancel ends all workers"
			}
			return usageError{fmt.Errorf("--%s has no effect with --executor slurm: %s", other, why)}
		}
	}
	switch {
	case f.name != onThisMachine && f.name != onSlurm:
		return usageError{fmt.Errorf("--executor must be local or slurm, not %q%s", f.name, spec.Suggestion(f.name, []string{onThisMachine, onSlurm}))}
	case f.detach && f.name != onSlurm:
		return usageError{errors.New("--detach needs --executor slurm")}
	}
	return nil
}

// slurm returns the executor for a View, and starts its workers. It is nil if no workers are needed.
func (f *executorFlags) slurm(ctx context.Context, view *app.View, note func(string), workers int, command app.WorkerCommand) (*app.OnSlurm, error) {
	site, err := app.Site()
	if err != nil {
		return nil, err
	}
	waiting := func(err error) {
		note(fmt.Sprintf("slurm: %v; waiting for the controller", err))
	}
	o := &app.OnSlurm{View: view, Cluster: app.NewCluster(waiting), Site: site, Workers: workers, Command: command, Note: note}
	if needed, err := o.Start(ctx); err != nil || !needed {
		return nil, err
	}
	return o, nil
}

// workerCommand is the command line of a worker of an array, for the same experiment, cache and keys
// as this command.
func workerCommand(name string, e *experimentFlags, r *runFlags, s *stopFlags) (app.WorkerCommand, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cache, err := filepath.Abs(r.dir())
	if err != nil {
		return nil, err
	}
	args := []string{program, "work", "--cache=" + cache, "--backend=" + r.backend, "--threads=" + strconv.Itoa(r.threads)}
	if data := cmp.Or(r.data, os.Getenv("FOIL_DATA")); data != "" {
		data, err := filepath.Abs(data)
		if err != nil {
			return nil, err
		}
		args = append(args, "--data="+data)
	}
	if r.offline {
		args = append(args, "--offline")
	}
	shared, err := r.remote.args()
	if err != nil {
		return nil, err
	}
	args = append(args, shared...)
	if s.checkpoint > 0 {
		args = append(args, "--checkpoint-every="+s.checkpoint.String())
	}
	for _, set := range e.sets {
		args = append(args, "--set="+set)
	}
	for _, only := range e.only {
		args = append(args, "--only="+only)
	}
	return func(a *slurm.Array, group string) []string {
		all := append(args[:len(args):len(args)], "--group="+group, "--requeue", "--idle="+idleOnSlurm.String(), "--cores="+strconv.Itoa(a.Cores))
		if a.Memory > 0 {
			all = append(all, fmt.Sprintf("--memory=%dB", a.Memory))
		}
		if a.GPUs > 0 {
			all = append(all, "--gpus="+strconv.Itoa(a.GPUs))
		}
		if a.Time > 0 { // Slurm ends the worker a little earlier; so it knows what it can still make
			all = append(all, "--until="+a.Time.String())
		}
		return append(all, "--", name)
	}, nil
}

func newCancel() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "cancel EXPERIMENT",
		Short: "End the workers of an experiment on a Slurm cluster",
		Long: `cancel ends all workers that foil run --executor slurm has submitted for an
experiment, from any login node. Running cells write checkpoints. Workers that you
have started in other ways go on.`,
		Example: `  foil cancel advx-ml-1m`,
		Args:    oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup()
			if err != nil {
				return err
			}
			view, err := setup.Look(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			f.noteMissing(cmd)
			submissions, workers, err := app.Cancel(cmd.Context(), view, app.NewCluster(func(err error) {
				fmt.Fprintf(cmd.ErrOrStderr(), "foil: %v; waiting for the controller\n", err)
			}))
			fmt.Fprintf(cmd.OutOrStdout(), "cancelled %s in %s\n", words.Count(workers, "worker"), words.Count(submissions, "submission"))
			return err
		},
	}
	e.register(cmd)
	f.register(cmd)
	return cmd
}

// writeSlurmStatus prints the submissions of an experiment whose workers are alive.
func writeSlurmStatus(ctx context.Context, out io.Writer, view *app.View) error {
	const answer = 5 * time.Second
	list, err := view.SlurmStatus(ctx, &slurm.Cluster{Commands: slurm.System{Timeout: answer}})
	for i, s := range list {
		if i == 0 {
			fmt.Fprintln(out)
		}
		workers := s.Workers
		if s.Err != nil {
			workers = "not known: " + s.Err.Error()
		}
		sayf(out, "slurm: submission %s of %s: workers: %s\n  logs: %s\n", s.Submission.ID, timeText(s.Submission.Since), workers, s.Submission.Logs())
	}
	return err
}

// sharedDisplay is a display for several goroutines.
type sharedDisplay struct {
	mu sync.Mutex
	display
}

func (d *sharedDisplay) event(e run.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.display.event(e)
}

func (d *sharedDisplay) note(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.display.note(text)
}
