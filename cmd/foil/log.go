package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"foil/internal/app"
	"foil/internal/clean"
	"foil/internal/ctxio"
	"foil/pipeline/plan"
)

func newLog() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "log EXPERIMENT CELL",
		Short: "Print the log of a cell",
		Long: `log prints the log that is kept with the record of a cell, or the log of a run in
which the cell is running, failed or was interrupted. Standard error names the run.

On a terminal, log shows what is left of the log: carriage returns and escapes of
progress bars have been obeyed, and colours, titles and other escapes are removed.
To a file or a pipe it writes the log as it is.`,
		Example: `  foil log quickstart 'model[fold=0,gender=0,age=0]'`,
		Args:    experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup()
			if err != nil {
				return err
			}
			view, c, err := setup.LookAtCell(cmd.Context(), e.experiment(args[0]), args[1])
			if err != nil {
				return err
			}
			path, origin, err := findLog(cmd.Context(), view, c)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", c.Node.ID, origin)
			if path == "" {
				return nil
			}
			log, err := os.Open(path)
			if err != nil {
				return err
			}
			defer log.Close()
			return copyLog(cmd.OutOrStdout(), ctxio.Reader(cmd.Context(), log))
		},
	}
	e.register(cmd)
	f.register(cmd)
	return cmd
}

// copyLog prints a log: cleaned on a terminal, otherwise as it is.
func copyLog(out io.Writer, log io.Reader) error {
	out = uncleaned(out)
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		_, err := io.Copy(out, log)
		return err
	}
	show := clean.NewWriter(out)
	_, err := io.Copy(show, log)
	return errors.Join(err, show.Close())
}

// findLog returns the path of a cell's log, or "" if the log is empty, and the origin of the log.
func findLog(ctx context.Context, view *app.View, c *plan.Cell) (path, origin string, err error) {
	switch c.State {
	case plan.Unknown:
		return "", "", fmt.Errorf("%s has not run yet: it %s", c.Node.ID, c.Reason)
	case plan.Hit:
		origin = fmt.Sprintf("made %s%s", timeText(c.Record.Started), onHost(c.Record.Host))
		if c.Record.Log == nil {
			return "", origin + "; the log is empty", nil
		}
		path, err = view.Cache.Fetch(ctx, *c.Record.Log)
		return path, origin, err
	}
	state, err := view.Cache.WorkState(c.Key)
	if err != nil {
		return "", "", err
	}
	if state == nil {
		return "", "", fmt.Errorf("%s has no log: %s, and it is not running", c.Node.ID, c.Reason)
	}
	origin = stateText(state)
	if state.Log == "" {
		origin += "; the log is empty"
	}
	return state.Log, origin, nil
}
