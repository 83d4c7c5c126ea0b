package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/words"
	"foil/pipeline/local"
	"foil/pipeline/run"
	"foil/pipeline/slurm"
)

// errTimeOver is the cause of the end of a worker whose time is over.
var errTimeOver = errors.New("the time of the worker is over")

func newWork(cells *local.Processes) *cobra.Command {
	var e experimentFlags
	var r runFlags
	var s stopFlags
	var until, idle time.Duration
	var group string
	var requeue bool
	cmd := &cobra.Command{
		Use:   "work EXPERIMENT",
		Short: "Make missing cells beside other workers, on any machines that share a cache",
		Long: `work makes the missing cells of an experiment that no other process makes. Start
any number of workers, on one or more machines that see the folder of the cache,
by hand or by a batch system. There is no server: each cell is made once,
because its worker holds its lease in the cache. foil run is a worker, too, and
prints the reports when all cells are there.

A worker ends when nothing is left. While the remaining cells are made by
others, it waits, and takes over the cells of a worker that dies, from their
last checkpoints. With --idle 10m, it waits no longer than that, so that it does
not keep a node while others make the last long cells. It leaves cells to others
that need more than its --cores, --memory and --gpus. A cell that has failed in
another worker since this one started is not tried again here.

After the time of --until, and on SIGTERM or SIGUSR1, running cells write
checkpoints and end, within ten seconds. Start another worker to continue. A
cell is not started if, by the times of similar cells, it would take longer than
what is left of --until, but would end in a new worker. With --requeue, a worker
in a job of Slurm does that itself: after --until and SIGUSR1, which sbatch
--signal=B:USR1@60 sends before the time limit, it puts its job back into the
queue.

The output is for logs: lines with their time. foil status shows the progress of
all workers.

Exit status: 0 nothing is left, or --idle is over, 1 cells failed, 3 the time is
over or other workers are needed, and there are cells to run, 130 interrupted by
Ctrl-C.`,
		Example: `  foil work advx-ml-1m --cache /shared/cache
  foil work mine.yaml --until 55m
  ssh node7 foil work /shared/mine.yaml --cache /shared/cache --cores 8`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if until <= 0 && cmd.Flags().Changed("until") {
				return usageError{fmt.Errorf("--until must be a time above 0, not %s", until)}
			}
			if idle <= 0 && cmd.Flags().Changed("idle") {
				return usageError{fmt.Errorf("--idle must be a time above 0, not %s", idle)}
			}
			job, array := slurmJob(os.Getenv)
			if requeue && job == "" {
				return usageError{errors.New("--requeue is for a job of Slurm, which has the variable SLURM_JOB_ID")}
			}
			if requeue && group == "" {
				group = "job-" + cmp.Or(array, job) // to give up cells that make no progress
			}
			ctx := cmd.Context()
			if until > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeoutCause(ctx, until, errTimeOver)
				defer cancel()
			}
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
			out := &timed{out: cmd.ErrOrStderr(), now: time.Now}
			notes := &early{out: out}
			setup.Remote.OnNote, running.OnNote = notes.note, notes.note
			view, err := setup.Open(ctx, e.experiment(args[0]))
			if err != nil {
				return timeIsOver(ctx, err)
			}
			writeNotes(out, view.Plan.Graph)
			show := &lines{out: out, reason: func(e run.CellStarted) string { return e.Reason }}
			running.Processes = cells
			running.OnEvent, running.Idle = show.event, idle
			notes.to(show)
			stopping := context.AfterFunc(ctx, func() {
				show.note("stopping: cells write checkpoints and end")
			})
			result, err := view.Work(ctx, running, group)
			stopping()
			if machine := (*app.MachineError)(nil); errors.As(err, &machine) {
				return writeCannotRun(out, machine)
			}
			if result == nil {
				return timeIsOver(ctx, err)
			}
			why := err
			err = workDone(ctx, out, show, result, err)
			// A worker that only waited for others is not needed again.
			if requeue && result.Remains && (isOutOfTime(err) || errors.Is(why, run.ErrTooShort)) {
				// Slurm ends this process when it has put the job back.
				fmt.Fprintf(out, "foil: %v; job %s goes back into the queue of Slurm\n", cmp.Or(context.Cause(ctx), why), job)
				again := putBack(ctx, view, group, job)
				if again == nil {
					return errWorkToDo
				}
				fmt.Fprintf(out, "foil: %v\n", again)
			}
			return err
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	r.register(cmd)
	cmd.Flags().DurationVar(&s.checkpoint, "checkpoint-every", 0, checkpointUsage)
	cmd.Flags().DurationVar(&until, "until", 0, "end after this `TIME`, such as 55m (default: when nothing is left)")
	cmd.Flags().DurationVar(&idle, "idle", 0, "end if, for this `TIME`, there was nothing to do but wait for the cells of other workers (default: wait until they are made)")
	cmd.Flags().StringVar(&group, "group", "", "`NAME` of the workers that are started together: they share the failures of cells, and give up a cell after three attempts without progress")
	cmd.Flags().BoolVar(&requeue, "requeue", false, "in a job of Slurm, put the job back into the queue if its time is over and there are cells to run")
	return cmd
}

// slurmJob is the job of Slurm in which this process runs, and its array. Both may be empty. One
// element of an array has the number of the array as its own, which stands for all elements in
// commands.
func slurmJob(getenv func(string) string) (job, array string) {
	job, array = getenv("SLURM_JOB_ID"), getenv("SLURM_ARRAY_JOB_ID")
	if task := getenv("SLURM_ARRAY_TASK_ID"); array != "" && task != "" {
		job = array + "_" + task
	}
	return job, array
}

// putBack puts the job of this worker back into the queue. ctx has ended.
func putBack(ctx context.Context, view *app.View, group, job string) error {
	const answer = 10 * time.Second // within the time that is left
	return view.Requeue(context.WithoutCancel(ctx), &slurm.Cluster{Commands: slurm.System{Timeout: answer}}, group, job)
}

// isOutOfTime reports whether the time of a worker was over, and nobody has ended it: SIGTERM comes
// from a person or an administrator.
func isOutOfTime(err error) bool {
	over, ended := overError{}, signalError{}
	return errors.As(err, &over) && !(errors.As(over.cause, &ended) && ended.Signal == syscall.SIGTERM)
}

// workDone prints how a worker ended, and returns the error of the command.
func workDone(ctx context.Context, out io.Writer, show display, result *run.Result, err error) error {
	fmt.Fprintln(out, summary(result))
	var failed *run.FailedError
	if errors.As(err, &failed) {
		show.failures(failed)
		adviseOnFullDisk(out, err)
	}
	switch {
	case result.Stopped > 0 && ctx.Err() != nil:
		return timeIsOver(ctx, err)
	case failed != nil:
		return errReported
	case errors.Is(err, run.ErrIdle):
		fmt.Fprintf(out, "foil: %s left: %v, and there has been nothing to do here\n", areLeft(result.Stopped), err)
		return nil
	case errors.Is(err, run.ErrLeft), errors.Is(err, run.ErrTooShort):
		fmt.Fprintf(out, "foil: %s left: %v\n", areLeft(result.Stopped), err)
		return errWorkToDo
	case err == nil:
		fmt.Fprintln(out, "foil: nothing is left; foil run prints the reports")
	}
	return err
}

func areLeft(n int) string {
	if n == 1 {
		return "1 cell is"
	}
	return words.Count(n, "cell") + " are"
}

// timeIsOver returns errWorkToDo, having said why, if the time of the worker is over. Otherwise it
// returns err: Ctrl-C is an interruption like that of other commands.
func timeIsOver(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if ended := (signalError{}); !errors.Is(cause, errTimeOver) && (!errors.As(cause, &ended) || ended.interrupts()) {
		return err
	}
	return overError{cause}
}

// An overError means that the time of a worker is over and there are cells to run.
type overError struct{ cause error }

func (e overError) Error() string {
	return e.cause.Error() + "; finished cells and checkpoints are kept; start another worker to continue"
}

func (e overError) Unwrap() error { return errWorkToDo }

// timed writes lines with their time.
type timed struct {
	out io.Writer
	now func() time.Time

	mu     sync.Mutex
	within bool // a line
}

func (t *timed) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	for line := range strings.Lines(string(p)) {
		if !t.within {
			b.WriteString(t.now().Format("2006-01-02 15:04:05 "))
		}
		b.WriteString(line)
		t.within = !strings.HasSuffix(line, "\n")
	}
	if _, err := t.out.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
