package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/words"
	"foil/pipeline/history"
	"foil/pipeline/plan"
)

// errWorkToDo stands for the exit status of plan --exit-code.
var errWorkToDo = errors.New("there are cells to run")

func newPlan() *cobra.Command {
	var e experimentFlags
	var r runFlags
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "plan EXPERIMENT",
		Short: "Show which cells will run, why, and the estimated time",
		Long: `plan looks up every cell of an experiment in the cache and runs nothing. A cell
that depends on a missing cell may run or be a hit: that depends on the output of
the missing cell. For each cell that will run, plan shows how it differs from the
most similar cell in the cache, and whether it is running or was interrupted. foil
explain shows more.

The estimated time comes from the records in the cache. The estimate for a cell is
the median time of the records of its kind that differ from it in the fewest
parameters, on any machine. Cells that may run count as if they will. The estimate
assumes that cells run in parallel as --jobs, --cores, --memory and --gpus allow.

Exit status with --exit-code: 0 all cells are in the cache, 3 there are cells to
run.`,
		Example: `  foil plan advx-ml-1m
  foil plan mine.yaml --exit-code || foil run mine.yaml`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, running, err := r.setup()
			if err != nil {
				return err
			}
			view, err := setup.Look(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			r.noteMissing(cmd)
			writeNotes(cmd.ErrOrStderr(), view.Plan.Graph)
			if err := writePlan(cmd, view, running); err != nil {
				return err
			}
			if exitCode && view.Plan.Hits < len(view.Plan.Cells) {
				return errWorkToDo
			}
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit with status 3 if there are cells to run")
	return cmd
}

func writePlan(cmd *cobra.Command, view *app.View, running app.Running) error {
	out, p := cmd.OutOrStdout(), view.Plan
	var past *history.History
	if p.Hits < len(p.Cells) {
		var err error
		if past, err = history.Read(cmd.Context(), view.Cache); err != nil {
			return err
		}
	}
	begun, err := view.Begun()
	if err != nil {
		return err
	}
	explainer := history.NewExplainer(p, past)
	for _, c := range p.Cells {
		switch c.State {
		case plan.Hit:
			fmt.Fprintf(out, "hit       %s  %s\n", c.Node.ID, c.Key.Short())
		case plan.Miss:
			why := explainer.Explain(c.Node).Short()
			if s := begun[c]; s != nil {
				why += "; " + shortState(s)
			}
			fmt.Fprintf(out, "will run  %s  %s (%s)\n", c.Node.ID, c.Key.Short(), why)
		default:
			fmt.Fprintf(out, "may run   %s (%s)\n", c.Node.ID, c.Reason)
		}
	}
	if past != nil {
		writeEstimate(out, view, history.NewCosts(past), running)
	}
	fmt.Fprintf(out, "%s: %s: %d in the cache, %d will run, %d may run\n",
		p.Graph.Spec.Name, words.Count(len(p.Cells), "cell"), p.Hits, p.Misses, p.Unknown)
	return nil
}

func writeEstimate(out io.Writer, view *app.View, past plan.Costs, running app.Running) {
	e, parallel := view.Estimate(past, running)
	fmt.Fprintln(out)
	for _, s := range e.Stages {
		text := "about " + duration(s.Wall)
		switch {
		case s.Blank == s.Cells:
			text = "time unknown: the cache has no similar cell"
		case s.Blank > 0:
			text += fmt.Sprintf(", plus %s with unknown time", words.Count(s.Blank, "cell"))
		}
		fmt.Fprintf(out, "%-20s %5d to run, %s\n", s.Stage, s.Cells, text)
	}
	if e.Wall == 0 && e.Blank > 0 {
		fmt.Fprintf(out, "estimated time: unknown, the cache has no similar cells\n\n")
		return
	}
	text := "estimated time: " + duration(e.Run)
	switch {
	case parallel == 1:
		text += ", one cell at a time"
	case e.Run < e.Wall:
		text += fmt.Sprintf(" with up to %d cells in parallel, %s one at a time", parallel, duration(e.Wall))
	}
	if e.Blank > 0 {
		text += fmt.Sprintf(", plus %s with unknown time", words.Count(e.Blank, "cell"))
	}
	fmt.Fprintf(out, "%s\n\n", text)
}
