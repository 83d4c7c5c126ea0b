package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/clean"
	"foil/internal/syserror"
	"foil/internal/words"
	"foil/pipeline/local"
	"foil/pipeline/run"
)

func newRun(cells *local.Processes) *cobra.Command {
	var e experimentFlags
	var r runFlags
	var s stopFlags
	var resultsDir string
	cmd := &cobra.Command{
		Use:   "run EXPERIMENT",
		Short: "Run the missing cells of an experiment and print its tables",
		Long: `run makes the cells of an experiment that are not cached, prints its
reports and copies them to results/NAME/, or to results/NAME/CELL/ if there are
several. EXPERIMENT is the name of a built-in experiment, or a file.

A run with --set or --only is a variant. Its reports go to results/NAME@VARIANT/,
where VARIANT reads like these flags, and those of the whole experiment stay.
provenance.json describes the files beside it. Files of an earlier run that a
report no longer has are removed. Files that you added or changed are kept: if one
is in the way, it is renamed, for example to table.kept.md. An interrupted run
changes no report.

If a spec expects values (report/table, expect), the last line tells whether they
are met. If one is not, the exit status is 1, although all results are there.

When a cell fails, only the cells that depend on it are skipped. Each error is
shown once; the end of the output lists the failed cells with their logs and the
skipped cells. You can interrupt a run at any time, for example with Ctrl-C:
finished cells and checkpoints are kept, and the same command resumes. A cell
without a checkpoint starts over.

Cells run in parallel as far as --cores, --memory and --gpus allow. A stage sets
in the spec what each of its cells uses (cores, memory, gpus).`,
		Example: `  foil run quickstart
  foil run advx-ml-1m --set 'vars.lambda=[0, 400]' --set 'vars.folds=[0]'
  foil run mine.yaml --only 'model[fold=0]'`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, running, err := r.setup()
			if err != nil {
				return err
			}
			if err := s.apply(&running); err != nil {
				return err
			}
			if err := app.CheckGPUs(running.Limits.GPUs); err != nil {
				return usageError{err}
			}
			surviveClosedPipes()
			notes := &early{out: cmd.ErrOrStderr()}
			setup.Remote.OnNote, running.OnNote = notes.note, notes.note
			view, err := setup.Open(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			writeNotes(cmd.ErrOrStderr(), view.Plan.Graph)
			show := newDisplay(cmd.Context(), cmd.ErrOrStderr(), view)
			running.Processes, running.OnEvent = cells, show.event
			notes.to(show)
			stopping := context.AfterFunc(cmd.Context(), func() {
				show.note("stopping: cells write checkpoints and end; press Ctrl-C again to kill them")
			})
			result, err := view.Run(cmd.Context(), running)
			stopping()
			if machine := (*app.MachineError)(nil); errors.As(err, &machine) {
				return writeCannotRun(cmd.ErrOrStderr(), machine)
			}
			if result == nil {
				return err
			}
			p := app.Publisher{
				View: view, Result: result, Dir: resultsDir,
				Command: append([]string{"foil"}, withoutSecrets(os.Args[1:])...), Sets: e.sets, Only: e.only,
			}
			if f, ok := terminal(cmd.OutOrStdout()); ok {
				p.Width, _ = sizeOf(f)
			}
			done, publishErr := p.Publish(cmd.Context())
			// Print after that, because the reader may have had enough, as in foil run ... | head.
			if cmd.Context().Err() == nil {
				publishErr = errors.Join(publishErr, unlessPipeClosed(printReports(&p, cmd.OutOrStdout())))
			}
			err = finish(cmd.ErrOrStderr(), show, result, done, err, publishErr)
			if err != nil && !errors.Is(err, errReported) {
				return err
			}
			return errors.Join(err, writeExpected(cmd.ErrOrStderr(), &p))
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	s.register(cmd)
	cmd.Flags().StringVar(&resultsDir, "results", "results", "`DIR` for reports, which are put into a folder named after the experiment")
	return cmd
}

// writeCannotRun lists the cells that cannot run, like those that failed.
func writeCannotRun(out io.Writer, e *app.MachineError) error {
	for _, c := range e.Cells {
		fmt.Fprintf(out, "FAILED %s\n", syserror.Text(c))
	}
	fmt.Fprintf(out, "foil: %s\n", e.Summary())
	return errReported
}

// printReports prints what a terminal shows of the reports: programs make some of them.
func printReports(p *app.Publisher, out io.Writer) error {
	show := clean.NewWriter(out)
	return errors.Join(p.Print(show), show.Close())
}

// finish prints the summary of a run. After a failure, the reports that do not depend on it have
// still been published.
func finish(out io.Writer, show display, result *run.Result, published *app.Published, err, publishErr error) error {
	for _, r := range published.Folders {
		fmt.Fprintf(out, "report: %s\n", r)
	}
	for _, n := range published.Notes {
		fmt.Fprintf(out, "note: %s\n", n)
	}
	fmt.Fprintln(out, summary(result))
	var failed *run.FailedError
	if errors.As(err, &failed) {
		show.failures(failed)
	}
	interrupted := errors.Is(publishErr, context.Canceled)
	if publishErr != nil && !interrupted {
		fmt.Fprintf(out, "foil: %s\n", syserror.Text(publishErr))
	}
	if failed != nil || publishErr != nil {
		adviseOnFullDisk(out, errors.Join(err, publishErr))
	}
	switch {
	case failed != nil:
		return errReported
	case err == nil && interrupted:
		return publishErr
	case err == nil && publishErr != nil:
		return errReported
	default:
		return err
	}
}

// adviseOnFullDisk says what to do if an error means that a disk or a quota is full. It also
// recognizes errors from the process of a cell: see pipeline.Failure.
func adviseOnFullDisk(out io.Writer, err error) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		fmt.Fprintln(out, "foil: the disk is full: foil gc makes room in the cache, and --cache names another one; then run the same command again")
	}
}

func summary(r *run.Result) string {
	line := fmt.Sprintf("%s: %d cached, %d made", words.Count(len(r.Outcomes), "cell"), r.Hits, r.Made)
	if r.Failed > 0 {
		line += fmt.Sprintf(", %d failed, %d skipped because of that", r.Failed, r.Skipped)
	}
	if r.Stopped > 0 {
		line += fmt.Sprintf(", %d not finished", r.Stopped)
	}
	line += ", in " + duration(r.Wall)
	if r.Largest == nil {
		return line + costs(r.CPU, 0, "")
	}
	return line + costs(r.CPU, r.Largest.Record.PeakMemory, " in "+r.Largest.Node.ID)
}

// A display shows the progress of a run.
type display interface {
	event(run.Event)

	// note shows a message that is about no cell.
	note(text string)

	// failures shows the failed cells at the end.
	failures(*run.FailedError)
}

// newDisplay shows a run as bars on a terminal, else as lines with the reason of each cell. The bars
// clean what they show.
func newDisplay(ctx context.Context, out io.Writer, view *app.View) display {
	if f, ok := terminal(out); ok {
		return &bars{out: f, size: func() (width, height int) { return sizeOf(f) }, now: time.Now, clock: true}
	}
	return &lines{out: out, reason: view.Reasons(ctx)}
}
