package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// errWorkToDo stands for the exit status of plan --exit-code.
var errWorkToDo = errors.New("there are cells to run")

func newPlan() *cobra.Command {
	var e experimentFlags
	var r runFlags
	var exitCode, verbose bool
	var workers []int
	cmd := &cobra.Command{
		Use:   "plan EXPERIMENT",
		Short: "Show which cells will run, why, and the estimated time",
		Long: `plan looks up every cell of an experiment in the cache and runs nothing. A cell
that depends on a missing cell may run or be cached: that depends on the output of
the missing cell. Of equal cells, such as those of an axis that a stage does not
use, only the first one runs, and the others share its result. plan counts the cells
of each stage, and shows how those that will run differ from the most similar cached
cells. -v lists every cell. foil explain shows more about one cell.

The estimated time of a cell is the median time of similar cells in the cache,
from any machine, scaled by what the kind is known to depend on: epochs, steps,
and the sizes of inputs. It is unknown if the cache has no similar cell, or if
nothing says how large the inputs of the cell will be. Cells that may run count
as if they will. The estimate assumes that cells run in parallel as --jobs,
--cores, --memory and --gpus allow.

--workers shows the estimated time with other numbers of workers (foil work, or
foil run --executor slurm), each of which makes one cell at a time on a machine
like those of the past cells. It is the time of all cells divided by the number
of workers, but at least that of the longest chain of cells that depend on each
other. More workers than that chain allows do not help. The time on the
processor leaves out how long past cells waited for it: machines that other
work shares are slower, and idle ones need only that time.

Exit status with --exit-code: 0 all cells are cached, 3 there are cells to
run.`,
		Example: `  foil plan advx-ml-1m
  foil plan advx-ml-1m --workers 1,8,32
  foil plan mine.yaml --exit-code || foil run mine.yaml`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, running, err := r.setup()
			if err != nil {
				return err
			}
			setup.Remote.OnNote = (&early{out: cmd.ErrOrStderr()}).note
			for _, n := range workers {
				if n < 1 {
					return fmt.Errorf("--workers: %d is not a number of workers; at least 1 is needed", n)
				}
			}
			view, err := setup.Look(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			if err := view.Plan.Graph.Doubts(); err != nil {
				return err
			}
			r.noteMissing(cmd)
			writeNotes(cmd.ErrOrStderr(), view.Plan.Graph)
			w, err := newPlanWriter(cmd.Context(), cmd.OutOrStdout(), view)
			if err != nil {
				return err
			}
			w.write(running, verbose, workers)
			if exitCode && view.Plan.Hits < len(view.Plan.Cells) {
				return errWorkToDo
			}
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "list every cell")
	cmd.Flags().IntSliceVar(&workers, "workers", nil, "show the estimated time with each of these `NUMBERS` of workers, for example 1,8,32")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit with status 3 if there are cells to run")
	return cmd
}
