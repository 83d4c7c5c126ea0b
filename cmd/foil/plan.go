package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/pipeline"
)

// errWorkToDo is what plan --exit-code says in the place of an error.
var errWorkToDo = errors.New("there is work to do")

func newPlan() *cobra.Command {
	var e experimentFlags
	var r runFlags
	var l limitFlags
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "plan EXPERIMENT",
		Short: "Show which cells are there, which will run, why, and for how long",
		Long: `plan looks up every cell of an experiment in the cache and runs nothing. A cell
that needs one which is not there may run or not: that depends on what the other
one will make. Of a cell that will run it says what is new about it, compared with
the most similar work that was done, and whether somebody is making it, or has
begun to; foil explain says more.

How long it will take is taken from the cache's records: a cell takes the median
time of those records of its kind that differ from it in the fewest parameters,
on whatever machine that was. Cells that may run are counted as if they did. As
many run at once as --jobs, --cores, --memory and --gpus let a run do.

Exit status with --exit-code: 0 all is in the cache, 3 there is work to do.`,
		Example: `  foil plan advx-ml-1m
  foil plan mine.yaml --exit-code || foil run mine.yaml`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := e.load(args[0])
			if err != nil {
				return err
			}
			opts, err := r.options(disk.Look)
			if err != nil {
				return err
			}
			if err := l.apply(&opts); err != nil {
				return err
			}
			plan, err := g.Plan(cmd.Context(), opts)
			if err != nil {
				return err
			}
			r.noteMissing(cmd.ErrOrStderr())
			if err := writePlan(cmd.OutOrStdout(), plan, opts); err != nil {
				return err
			}
			if exitCode && plan.Hits < len(plan.Cells) {
				return errWorkToDo
			}
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	l.register(cmd)
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "end with status 3 when there is work to do")
	return cmd
}

func writePlan(out io.Writer, plan *pipeline.Plan, opts pipeline.Options) error {
	var history *pipeline.History
	if plan.Hits < len(plan.Cells) {
		var err error
		if history, err = pipeline.ReadHistory(opts.Cache); err != nil {
			return err
		}
	}
	begun, err := begunOf(plan, opts.Cache)
	if err != nil {
		return err
	}
	explainer := plan.Explainer(history)
	for _, c := range plan.Cells {
		switch c.State {
		case pipeline.Hit:
			fmt.Fprintf(out, "hit       %s  %s\n", c.Node.ID, c.Key.Short())
		case pipeline.Miss:
			why := explainer.Explain(c.Node).Short()
			if s := begun[c]; s != nil {
				why += "; " + shortState(s)
			}
			fmt.Fprintf(out, "will run  %s  %s (%s)\n", c.Node.ID, c.Key.Short(), why)
		default:
			fmt.Fprintf(out, "may run   %s (%s)\n", c.Node.ID, c.Reason)
		}
	}
	if history != nil {
		writeEstimate(out, plan.Estimate(history))
	}
	fmt.Fprintf(out, "%s: %d cells: %d in the cache, %d will run, %d more depend on these\n",
		plan.Graph.Spec.Name, len(plan.Cells), plan.Hits, plan.Misses, plan.Unknown)
	return nil
}

// begunOf finds the cells of a plan that somebody has begun to make: of thousands, few.
func begunOf(plan *pipeline.Plan, c *disk.Cache) (map[*pipeline.PlannedCell]*disk.WorkState, error) {
	if plan.Misses == 0 {
		return nil, nil
	}
	keys, err := c.Begun()
	if err != nil {
		return nil, err
	}
	begun := map[*pipeline.PlannedCell]*disk.WorkState{}
	for _, cell := range plan.Cells {
		if cell.State != pipeline.Miss || cell.SameAs != nil || !keys[cell.Key] {
			continue
		}
		if begun[cell], err = c.WorkState(cell.Key); err != nil {
			return nil, err
		}
	}
	return begun, nil
}

func writeEstimate(out io.Writer, e *pipeline.Estimate) {
	fmt.Fprintln(out)
	for _, s := range e.Stages {
		text := "about " + duration(s.Wall)
		switch {
		case s.Blank == s.Cells:
			text = "not known: nothing like it was made here before"
		case s.Blank > 0:
			text += fmt.Sprintf(", and %d of which nothing is known", s.Blank)
		}
		fmt.Fprintf(out, "%-20s %5d to make, %s\n", s.Stage, s.Cells, text)
	}
	text := fmt.Sprintf("about %s of work, %s with as many cells at once as this run would have", duration(e.Wall), duration(e.Run))
	if e.Blank > 0 {
		text += fmt.Sprintf(", and %d cells of which nothing is known", e.Blank)
	}
	fmt.Fprintf(out, "%s\n\n", text)
}
