package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
)

// Main runs the program with its arguments, until it ends or Ctrl-C ends it.
func Main(run func(ctx context.Context, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

// Parse reads arguments, which must all be flags. -help prints them, and the error is flag.ErrHelp.
// Main prints other errors.
func Parse(f *flag.FlagSet, args []string) error {
	f.SetOutput(io.Discard) // errors are reported once, by Main
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(os.Stderr)
		f.PrintDefaults()
		return err
	case err != nil:
		return err
	case f.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: everything is set by flags, see -help", f.Arg(0))
	}
	return nil
}

// Machine describes the machine of the measurement.
func Machine() string {
	return fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
