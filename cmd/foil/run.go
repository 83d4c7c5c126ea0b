package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"foil/internal/store/disk"
	"foil/pipeline"
)

func newRun(spawn pipeline.Spawn) *cobra.Command {
	var e experimentFlags
	var r runFlags
	var l limitFlags
	var p patienceFlags
	var resultsDir string
	cmd := &cobra.Command{
		Use:   "run EXPERIMENT",
		Short: "Run what is missing and print the tables",
		Long: `run makes the cells of an experiment that are not in the cache, prints its
reports and copies them to results/NAME/, or to results/NAME/CELL/ where there are
several. EXPERIMENT is the name of one that is built in, or a file.

A failed cell stops only what needs it; the end of the output names each failure
with its cause and log, and what was skipped. Ctrl-C ends a run; so may anything
else. Finished cells and checkpoints are kept, and the same command makes the
others; a cell that was interrupted before its first checkpoint begins anew.

Cells run at once as far as --cores, --memory and --gpus allow: a stage says in
the spec what a cell of it takes (cores, memory, gpus).`,
		Example: `  foil run quickstart
  foil run advx-ml-1m --set 'vars.lambda=[0, 400]' --set 'vars.folds=[0]'
  foil run mine.yaml --only 'model[fold=0]'`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := e.load(args[0])
			if err != nil {
				return err
			}
			opts, err := r.options(disk.Open)
			if err != nil {
				return err
			}
			if err := cmp.Or(l.apply(&opts), p.apply(&opts)); err != nil {
				return err
			}
			if err := checkBackend(opts.Backend); err != nil {
				return err
			}
			opts.Spawn = spawn
			opts.OnEvent = listener(cmd.ErrOrStderr())
			opts.Deliver = isReport
			plan, err := g.Plan(cmd.Context(), opts)
			if err != nil {
				return err
			}
			result, err := plan.Execute(cmd.Context())
			if result == nil {
				return err
			}
			return finish(cmd, result, err, func(out io.Writer) ([]string, error) {
				return publishReports(out, g, result, resultsDir, origin{newProvenance(g, plan, result, e.sets, r.backend), newCosts(result)})
			})
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	l.register(cmd)
	p.register(cmd)
	cmd.Flags().StringVar(&resultsDir, "results", "results", "`DIR` in which reports are put, in a folder named after the experiment")
	return cmd
}

// finish shows the reports that were made, and then how the run went: even one
// that failed has made what did not depend on the failure.
func finish(cmd *cobra.Command, result *pipeline.Result, err error, publish func(io.Writer) ([]string, error)) error {
	published, publishErr := publish(cmd.OutOrStdout())
	out := cmd.ErrOrStderr()
	for _, p := range published {
		fmt.Fprintf(out, "report: %s\n", p)
	}
	fmt.Fprintln(out, summary(result))
	if publishErr != nil {
		fmt.Fprintf(out, "foil: %v\n", publishErr)
	}
	if err != nil && strings.Contains(err.Error(), syscall.ENOSPC.Error()) { // a cell's process hands on the text alone
		fmt.Fprintln(out, "foil: the disk is full: foil gc makes room in a cache, --cache names another one; the same command then goes on")
	}
	var failed *pipeline.FailedError
	switch {
	case errors.As(err, &failed):
		fmt.Fprintf(out, "foil: %s\n", failures(failed, result))
		return errReported
	case errors.Is(err, context.Canceled):
		return err
	case err == nil && publishErr != nil:
		return errReported
	default:
		return err
	}
}

// failures names what failed, why, and what was skipped because of it. The reason
// of a failure is not repeated where it stands right above.
func failures(e *pipeline.FailedError, r *pipeline.Result) string {
	if len(e.Cells) > 1 || r.Made > 0 {
		return e.Error()
	}
	line := e.Cells[0].Node.ID + " failed"
	if s := e.Cells[0].Consequence(); s != "" {
		line += "; " + s
	}
	return line
}

func summary(r *pipeline.Result) string {
	line := fmt.Sprintf("%d cells: %d from the cache, %d made", len(r.Outcomes), r.Hits, r.Made)
	if r.Failed > 0 {
		line += fmt.Sprintf(", %d failed, %d skipped because of that", r.Failed, r.Skipped)
	}
	if r.Stopped > 0 {
		line += fmt.Sprintf(", %d not reached", r.Stopped)
	}
	line += ", in " + duration(r.Wall)
	if r.Largest == nil {
		return line + costs(r.CPU, 0, "")
	}
	return line + costs(r.CPU, r.Largest.Record.PeakMemory, " in "+r.Largest.Node.ID)
}

// listener shows events as bars on a terminal, else as lines.
func listener(out io.Writer) func(pipeline.Event) {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		size := func() (width, height int) {
			w, h, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 100, 24
			}
			return w, h
		}
		return (&bars{out: out, size: size}).event
	}
	return (&lines{out: out}).event
}
