package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/pipeline"
)

func newLog() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "log EXPERIMENT CELL",
		Short: "Print what a cell said while it was made",
		Long: `log prints the log that is kept with a cell's record, or that of a run that is
making it, has failed or was interrupted; which one is said on standard error.`,
		Example: `  foil log quickstart 'model[fold=0,gender=0,age=0]'`,
		Args:    experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, c, err := lookAtCell(cmd.Context(), &e, &f, args[0], args[1])
			if err != nil {
				return err
			}
			path, whose, err := findLog(cmd.Context(), v.cache, c)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", c.Node.ID, whose)
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

// findLog returns where a cell's log lies, empty when it said nothing, and
// whose it is.
func findLog(ctx context.Context, c *disk.Cache, cell *pipeline.PlannedCell) (path, whose string, err error) {
	switch {
	case cell.State == pipeline.Unknown:
		return "", "", fmt.Errorf("%s: not made yet; its key %s", cell.Node.ID, cell.Reason)
	case cell.State == pipeline.Hit:
		r := cell.Record
		whose = fmt.Sprintf("made %s%s", timeText(r.Started), onHost(r.Host))
		if r.Log == nil {
			return "", whose + ", and said nothing", nil
		}
		path, err = c.Fetch(ctx, *r.Log)
		return path, whose, err
	}
	state, err := c.WorkState(cell.Key)
	if err != nil {
		return "", "", err
	}
	if state == nil {
		return "", "", fmt.Errorf("%s: %s, and nobody is making it", cell.Node.ID, cell.Reason)
	}
	whose = stateText(state)
	if state.Log == "" {
		whose += ", and nothing was said"
	}
	return state.Log, whose, nil
}
