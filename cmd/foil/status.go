package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"foil/internal/app"
)

func newStatus() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "status EXPERIMENT",
		Short: "Show the progress of an experiment, on other machines too",
		Long: `status counts, for each stage, the cells that are cached, running, interrupted,
failed, and missing. It starts nothing. A cell counts as running while
a process holds its lock, on this machine or on another one that shares the cache
and its locks. Below that stand the workers on a Slurm cluster that foil run
--executor slurm has submitted, if they are waiting or running.`,
		Example: `  foil status advx-ml-1m`,
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
			status, err := view.Status()
			if err != nil {
				return err
			}
			writeStatus(cmd.OutOrStdout(), status)
			return writeSlurmStatus(cmd.Context(), cmd.OutOrStdout(), view)
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	return cmd
}

func writeStatus(out io.Writer, status *app.Status) {
	rows := [][]string{{"stage", "cached", "running", "interrupted", "failed", "missing"}}
	add := func(name string, s app.StageStatus) {
		row := []string{name}
		for _, n := range []int{s.Hits, s.Running, s.Interrupted, s.Failed, s.Missing} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	for _, s := range status.Stages {
		add(s.Stage, s)
	}
	add("all", status.All())
	writeTable(out, "", rows, 1, 2, 3, 4, 5)
	for i, c := range status.Conflicts {
		if i == 0 {
			fmt.Fprintln(out)
		}
		sayf(out, "conflict %s\n", app.ConflictText(c.Ours, c.Theirs))
	}
	shown := map[string]string{} // the first cell with a failure, by failureID
	for i, u := range status.Unfinished {
		if i == 0 {
			fmt.Fprintln(out)
		}
		n, state := u.Cell.Node, *u.State
		if state.Failure != "" {
			id := failureID(n.Kind.Name, state.Failure)
			if first, ok := shown[id]; ok {
				state.Failure = "the same error as " + first
			} else {
				shown[id] = n.ID
			}
		}
		sayf(out, "%s %s\n", n.ID, stateWithLog(&state))
	}
}
