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
	"foil/internal/report"
	"foil/internal/syserror"
	"foil/internal/words"
	"foil/pipeline/local"
	"foil/pipeline/run"
)

func newRun(cells *local.Processes) *cobra.Command {
	var e experimentFlags
	var r runFlags
	var s stopFlags
	var on executorFlags
	var resultsDir string
	var asJSON bool
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
are met. If one is not, the exit status is 1, although all results are there. A
variant shows the same, but its exit status does not depend on it.

When a cell fails, only the cells that depend on it are skipped. Each error is
shown once; the end of the output lists the failed cells with their logs and the
skipped cells. You can interrupt a run at any time, for example with Ctrl-C:
finished cells and checkpoints are kept, and the same command resumes. A cell
without a checkpoint starts over.

Cells run in parallel as far as --cores, --memory and --gpus allow. A stage sets
in the spec what each of its cells uses (cores, memory, gpus).

With --executor slurm, cells run in workers (foil work) that are submitted to a
Slurm cluster as a few job arrays. This command shows their progress, starts others
when they end early, and prints the reports. With --detach it returns when they are
submitted. It may be interrupted: the workers go on, and the same command continues
from any login node. foil status shows them, and foil cancel ends them. The fields
slurm of the spec and of the site's file name the partition and other settings.

With --json, stdout is a stream of events for programs: a JSON object per line for
each cell that starts or ends, for its progress, and for what is published. There is
no other progress, and reports are not printed. Errors are also on stderr, and the
exit status is the same. docs/events.md lists the events and their fields.`,
		Example: `  foil run quickstart
  foil run advx-ml-1m --set 'vars.lambda=[0, 400]' --set 'vars.folds=[0]'
  foil run mine.yaml --only 'model[fold=0]'
  foil run mine.yaml --json | jq -r 'select(.event == "made") | .cell'`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) (failed error) {
			setup, running, err := r.setup()
			if err != nil {
				return err
			}
			if err := s.apply(&running); err != nil {
				return err
			}
			if err := on.check(cmd); err != nil {
				return err
			}
			if err := app.CheckGPUs(running.Limits.GPUs); err != nil {
				return usageError{err}
			}
			surviveClosedPipes()
			var events *jsonEvents
			if asJSON {
				events = newJSONEvents(uncleaned(cmd.OutOrStdout()), cmd.ErrOrStderr(), time.Now)
				defer func() { failed = events.end(cmd.Context(), failed) }()
			}
			notes := &early{out: cmd.ErrOrStderr()}
			setup.Remote.OnNote, running.OnNote = notes.note, notes.note
			view, err := setup.Open(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			show := newDisplay(cmd.Context(), cmd.ErrOrStderr(), view, events)
			makeCells, stopText := view.Run, "stopping: cells write checkpoints and end; press Ctrl-C again to kill them"
			if on.name == onSlurm {
				command, err := workerCommand(args[0], &e, &r, &s)
				if err != nil {
					return err
				}
				show = &sharedDisplay{display: show}
				workers, err := on.slurm(cmd.Context(), view, show.note, running.Jobs, command)
				if err != nil {
					return err
				}
				if on.detach {
					show.note(detached(workers, args[0]))
					return nil
				}
				if workers != nil {
					running.Jobs = 0
					makeCells, stopText = workers.Run, "stopping: the workers go on; foil cancel ends them"
				}
			}
			running.Processes, running.OnEvent = cells, show.event
			notes.to(show)
			stopping := context.AfterFunc(cmd.Context(), func() {
				show.note(stopText)
			})
			result, err := makeCells(cmd.Context(), running)
			stopping()
			if machine := (*app.MachineError)(nil); errors.As(err, &machine) {
				if events != nil {
					events.cannotRun(view.Plan, machine)
				}
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
			if cmd.Context().Err() == nil && !asJSON {
				publishErr = errors.Join(publishErr, unlessPipeClosed(printReports(&p, cmd.OutOrStdout())))
			}
			err = finish(cmd.ErrOrStderr(), show, result, done, err, publishErr)
			if err != nil && !errors.Is(err, errReported) {
				return err
			}
			return errors.Join(err, judge(show, &p))
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	s.register(cmd)
	on.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print events as JSON, one per line, instead of the progress and the reports")
	cmd.Flags().StringVar(&resultsDir, "results", "results", "`DIR` for reports, which are put into a folder named after the experiment")
	return cmd
}

// detached is the last line of a run that has only submitted workers.
func detached(workers *app.OnSlurm, name string) string {
	if workers == nil {
		return "no workers are needed; foil run " + name + " prints the reports"
	}
	return "the workers go on without this command: foil status " + name + " shows them, foil cancel " + name + " ends them, and the same command without --detach prints the reports"
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
	show.ended(result, published)
	var failed *run.FailedError
	if errors.As(err, &failed) {
		show.failures(failed)
	}
	interrupted := errors.Is(publishErr, context.Canceled)
	if publishErr != nil && !interrupted {
		show.problem(publishErr)
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

	// ended shows the result of the run, and the reports that were published.
	ended(*run.Result, *app.Published)

	// failures shows the failed cells at the end.
	failures(*run.FailedError)

	// expected shows whether the reports have the values that their spec expects.
	expected(v report.Verdicts, r *run.Result, isVariant bool)

	// problem shows an error that is about no cell.
	problem(error)
}

// newDisplay shows a run as events if there are some, as bars on a terminal, and else as lines with
// the reason of each cell. The bars clean what they show.
func newDisplay(ctx context.Context, out io.Writer, view *app.View, events *jsonEvents) display {
	if events != nil {
		events.reason = view.Reasons(ctx)
		return events
	}
	writeNotes(out, view.Plan.Graph)
	atEnd := endLines{out}
	if f, ok := terminal(out); ok {
		return &bars{endLines: atEnd, out: f, size: func() (width, height int) { return sizeOf(f) }, now: time.Now, clock: true}
	}
	return &lines{endLines: atEnd, out: out, reason: view.Reasons(ctx)}
}
