package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"foil/pipeline"
)

func newRun() *cobra.Command {
	var e experimentFlags
	var r runFlags
	var resultsDir string
	cmd := &cobra.Command{
		Use:   "run EXPERIMENT",
		Short: "Run what is missing and print the tables",
		Long: `run makes the cells of an experiment that are not in the cache, prints its
reports and copies them to results/NAME/. EXPERIMENT is the name of one that is
built in, or a file.

Ctrl-C ends a run; so may anything else. Finished cells are kept, and the same
command goes on with the others.`,
		Example: `  foil run quickstart
  foil run advx-ml-1m --set 'vars.lambda=[0, 400]' --set 'vars.folds=[0]'
  foil run mine.yaml --only 'model[fold=0]'`,
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
			opts.OnEvent = listener(cmd.ErrOrStderr())
			opts.Deliver = isReport
			plan, err := g.Plan(cmd.Context(), opts)
			if err != nil {
				return err
			}
			result, err := plan.Execute(cmd.Context())
			return finish(cmd, g, result, resultsDir, err)
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	cmd.Flags().StringVar(&resultsDir, "results", "results", "`DIR` in which reports are put, in a folder named after the experiment")
	return cmd
}

// finish shows the reports that were made, and then how the run went: even one
// that failed has made what did not depend on the failure.
func finish(cmd *cobra.Command, g *pipeline.Graph, result *pipeline.Result, dir string, err error) error {
	published, publishErr := publishReports(cmd.OutOrStdout(), g, result, dir)
	out := cmd.ErrOrStderr()
	for _, p := range published {
		fmt.Fprintf(out, "report: %s\n", p)
	}
	fmt.Fprintln(out, summary(result))
	var failed *pipeline.FailedError
	switch {
	case errors.As(err, &failed):
		fmt.Fprintf(out, "foil: %v\n", failed)
		return errReported
	case errors.Is(err, context.Canceled):
		return err
	default:
		return errors.Join(err, publishErr)
	}
}

func summary(r *pipeline.Result) string {
	line := fmt.Sprintf("%d cells: %d from the cache, %d made", len(r.Outcomes), r.Hits, r.Made)
	if r.Failed > 0 {
		line += fmt.Sprintf(", %d failed, %d skipped because of that", r.Failed, r.Skipped)
	}
	if r.Stopped > 0 {
		line += fmt.Sprintf(", %d not reached", r.Stopped)
	}
	return fmt.Sprintf("%s, in %s", line, roundTime(r.Wall))
}

// listener shows events as bars on a terminal, else as lines.
func listener(out io.Writer) func(pipeline.Event) {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		width := func() int {
			w, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 100
			}
			return w
		}
		return (&bars{out: out, width: width}).event
	}
	return (&lines{out: out}).event
}
