package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/pipeline"
)

func newStatus() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "status EXPERIMENT",
		Short: "Say how far an experiment is, also while it runs elsewhere",
		Long: `status counts, for each stage, the cells that are in the cache, those that some
run is making, those that failed or were interrupted, and those that are missing.
It starts nothing. A cell counts as running while a process on a machine that
shares the cache's locks holds its lock.`,
		Example: `  foil status advx-ml-1m`,
		Args:    oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := look(cmd.Context(), &e, &f, args[0])
			if err != nil {
				return err
			}
			f.noteMissing(cmd.ErrOrStderr())
			return writeStatus(cmd.OutOrStdout(), v)
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	return cmd
}

// stageCounts are the columns of foil status.
type stageCounts struct{ hit, running, interrupted, failed, missing int }

func (c *stageCounts) add(o stageCounts) {
	c.hit += o.hit
	c.running += o.running
	c.interrupted += o.interrupted
	c.failed += o.failed
	c.missing += o.missing
}

func writeStatus(out io.Writer, v *view) error {
	counts := map[string]*stageCounts{}
	var stages, details []string
	for _, c := range v.plan.Cells {
		n, detail, err := statusOf(v.cache, c)
		if err != nil {
			return err
		}
		stage := c.Node.Stage.Name
		if counts[stage] == nil {
			counts[stage] = &stageCounts{}
			stages = append(stages, stage)
		}
		counts[stage].add(n)
		if detail != "" {
			details = append(details, detail)
		}
	}
	const row = "%-20s %8v %8v %12v %8v %8v\n"
	fmt.Fprintf(out, row, "stage", "hit", "running", "interrupted", "failed", "missing")
	total := stageCounts{}
	for _, s := range stages {
		c := counts[s]
		total.add(*c)
		fmt.Fprintf(out, row, s, c.hit, c.running, c.interrupted, c.failed, c.missing)
	}
	fmt.Fprintf(out, row, "all", total.hit, total.running, total.interrupted, total.failed, total.missing)
	for i, d := range details {
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintln(out, d)
	}
	return nil
}

// statusOf counts a cell, and describes it where there is more to say.
func statusOf(c *disk.Cache, cell *pipeline.PlannedCell) (n stageCounts, detail string, err error) {
	switch {
	case cell.State == pipeline.Hit:
		return stageCounts{hit: 1}, "", nil
	case cell.State == pipeline.Unknown || cell.SameAs != nil:
		return stageCounts{missing: 1}, "", nil
	}
	state, err := c.WorkState(cell.Key)
	if err != nil || state == nil {
		return stageCounts{missing: 1}, "", err
	}
	detail = cell.Node.ID + " " + stateWithLog(state)
	switch {
	case state.Running:
		n.running = 1
	case state.Failure != "":
		n.failed = 1
	default:
		n.interrupted = 1
	}
	return n, detail, nil
}
