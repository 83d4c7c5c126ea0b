package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"foil/pipeline"
)

func newPlan() *cobra.Command {
	var e experimentFlags
	var r runFlags
	cmd := &cobra.Command{
		Use:   "plan EXPERIMENT",
		Short: "Show which cells are there, which will run, and why",
		Long: `plan looks up every cell of an experiment in the cache and runs nothing. A cell
that needs one which is not there may run or not: that depends on what the other
one will make.`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := e.load(args[0])
			if err != nil {
				return err
			}
			opts, err := r.options()
			if err != nil {
				return err
			}
			plan, err := g.Plan(cmd.Context(), opts)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, c := range plan.Cells {
				fmt.Fprintln(out, planLine(c))
			}
			fmt.Fprintf(out, "%s: %d cells: %d in the cache, %d will run, %d more depend on these\n",
				g.Spec.Name, len(plan.Cells), plan.Hits, plan.Misses, plan.Unknown)
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	return cmd
}

func planLine(c *pipeline.PlannedCell) string {
	switch c.State {
	case pipeline.Hit:
		return fmt.Sprintf("hit       %s  %s", c.Node.ID, c.Key.Short())
	case pipeline.Miss:
		return fmt.Sprintf("will run  %s  %s (%s)", c.Node.ID, c.Key.Short(), c.Reason)
	default:
		return fmt.Sprintf("may run   %s (%s)", c.Node.ID, c.Reason)
	}
}
