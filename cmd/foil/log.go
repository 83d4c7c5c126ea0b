package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/pipeline/plan"
)

func newLog() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "log EXPERIMENT CELL",
		Short: "Print the log of a cell",
		Long: `log prints the log that is kept with the record of a cell, or the log of a run in
which the cell is running, failed or was interrupted. Standard error names the run.`,
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
			_, err = io.Copy(cmd.OutOrStdout(), log)
			return err
		},
	}
	e.register(cmd)
	f.register(cmd)
	return cmd
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
