// Command foil reproduces, varies and reports machine-learning experiments that are written as YAML
// specs. This package has only flags and printing, one file per command; package app has the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"foil/internal/store/disk"
	"foil/internal/syserror"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1 // a bad spec, a failed cell, an I/O error
	exitUsage       = 2 // unknown command or flag, wrong arguments
	exitWorkToDo    = 3 // foil work, foil plan --exit-code
	exitInterrupted = 130
)

func main() { os.Exit(foil()) }

// foil runs the command line and returns the exit code.
func foil() int {
	stderr := messages(os.Stderr)
	cells, err := cellProcesses()
	if err != nil {
		fmt.Fprintf(stderr, "foil: finding this program: %s\n", syserror.Text(err))
		return exitFailure
	}
	disk.ProbeCommand = probeProcess(cells.Program)
	var notes cacheNotes
	disk.OnNote = notes.add
	listen := interruptible
	if len(os.Args) > 1 && os.Args[1] == cellCommand {
		listen = deaf
	}
	ctx, stop := listen(cells.Kill)
	defer stop()
	defer cells.Close()
	cmd, err := newRoot(cells).ExecuteContextC(ctx)
	notes.write(stderr)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(usageError)):
		fmt.Fprintf(stderr, "foil: %s\nSee '%s'.\n", syserror.Text(err), helpOf(cmd))
		return exitUsage
	case interrupted(ctx, err):
		fmt.Fprintln(stderr, "foil: interrupted; finished cells and checkpoints are kept; run the same command again to continue")
		return exitInterrupted
	case errors.Is(err, errReported):
		return exitFailure
	case errors.Is(err, errWorkToDo):
		if over := (overError{}); errors.As(err, &over) {
			fmt.Fprintf(stderr, "foil: %v\n", over)
		}
		return exitWorkToDo
	default:
		fmt.Fprintf(stderr, "foil: %s\n", syserror.Text(err))
		adviseOnFullDisk(stderr, err)
		return exitFailure
	}
}

// interrupted reports whether an error means that the context of interruptible has ended.
func interrupted(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && ctx.Err() != nil
}

// interruptible returns a context that ends with the first Ctrl-C, SIGTERM or SIGUSR1, which batch
// systems send before the time of a job is over. The cause is a signalError. A second Ctrl-C or
// SIGTERM calls kill, which ends all processes of the cells, and then ends the program. The cache
// survives that like any crash.
func interruptible(kill func()) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, append(endingSignals, os.Interrupt, syscall.SIGTERM)...)
	go func() {
		cancel(signalError{<-signals})
		for s := range signals {
			if s == os.Interrupt || s == syscall.SIGTERM {
				break
			}
		}
		kill()
		fmt.Fprintln(messages(os.Stderr), "\nfoil: killed; finished cells and checkpoints are kept; run the same command again to continue")
		os.Exit(exitInterrupted)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// deaf lets the process of a cell survive the signals that end its run, because batch systems send
// them to all processes of a job. It ends when the run closes the connection. Programs that it starts
// do not inherit this.
func deaf(func()) (context.Context, func()) {
	signal.Notify(make(chan os.Signal, 1), append(endingSignals, os.Interrupt, syscall.SIGTERM)...)
	return context.Background(), func() {}
}

// A signalError is a signal that ends the program.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return "the signal \"" + e.String() + "\"" }

// Is lets all signals count as a cancellation.
func (e signalError) Is(target error) bool { return target == context.Canceled }

// interrupts reports whether the signal comes from Ctrl-C.
func (e signalError) interrupts() bool { return e.Signal == os.Interrupt }

// A usageError is a mistake on the command line.
type usageError struct{ error }

// errReported stands for errors that have been printed.
var errReported = errors.New("reported")
