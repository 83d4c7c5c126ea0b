package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/pipeline/graph"
	"foil/pipeline/history"
	"foil/pipeline/plan"
)

func newExplain() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "explain EXPERIMENT CELL",
		Short: "Show what the key of a cell consists of, and why it must run",
		Long: `explain prints the lines whose digest is the key of a cell: everything that its
result depends on. It also explains a cache miss:
  - the cell was never made; then explain shows how it differs from the most
    similar cached cell, and follows inputs that differ
  - an output is missing or damaged
  - a dependency has to be made first
If the cell is running, failed or was interrupted, explain shows that like foil
status does.`,
		Example: `  foil explain quickstart table
  foil explain advx-ml-1m 'model[age=0,fold=0,gender=400]' --set vars.epochs=50`,
		Args: experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup()
			if err != nil {
				return err
			}
			view, c, err := setup.LookAtCell(cmd.Context(), e.experiment(args[0]), args[1])
			if err != nil {
				return err
			}
			explanation, err := explain(cmd.Context(), view, c)
			if err != nil {
				return err
			}
			f.noteMissing(cmd)
			return writeExplanation(cmd.OutOrStdout(), view.Cache, explanation)
		},
	}
	e.register(cmd)
	f.register(cmd)
	return cmd
}

func explain(ctx context.Context, view *app.View, c *plan.Cell) (*history.Explanation, error) {
	var past *history.History // not used for a hit
	if c.State != plan.Hit {
		var err error
		if past, err = history.Read(ctx, view.Cache); err != nil {
			return nil, err
		}
	}
	return history.NewExplainer(view.Plan, past).Explain(c.Node), nil
}

func writeExplanation(out io.Writer, c *disk.Cache, e *history.Explanation) error {
	fmt.Fprintf(out, "%s (%s)\n", e.Node.ID, e.Node.Kind.Name)
	if e.State == plan.Hit {
		r := e.Record
		fmt.Fprintf(out, "is cached: made %s in %s%s\n", timeText(r.Started), duration(r.Wall()), onHost(r.Host))
		if r.Cell != "" && r.Cell != e.Node.ID {
			fmt.Fprintf(out, "under the name %s\n", r.Cell)
		}
		if e.Node.Kind.Rounded() {
			fmt.Fprintf(out, "computed on %s\n", r.Numeric)
		}
	}
	for ; ; e = e.Waits {
		if err := writeMiss(out, c, e); err != nil {
			return err
		}
		writeCauses(out, e)
		if e.Waits == nil {
			return nil
		}
		fmt.Fprintf(out, "\n%s (%s)\n", e.Waits.Node.ID, e.Waits.Node.Kind.Name)
	}
}

// writeMiss prints why a cell is not in the cache, and whether it was begun.
func writeMiss(out io.Writer, c *disk.Cache, e *history.Explanation) error {
	if e.State == plan.Hit {
		return nil
	}
	sayf(out, "is not cached: %s\n", e.Reason)
	if e.Key.IsZero() || e.SameAs != nil {
		return nil
	}
	state, err := c.WorkState(e.Key)
	if err == nil && state != nil {
		sayf(out, "%s\n", stateWithLog(state))
	}
	return err
}

// writeCauses prints the differences between a cell and the nearest record, and its key.
func writeCauses(out io.Writer, e *history.Explanation) {
	if causes := e.Causes(); len(causes) > 0 {
		sayf(out, "\nThe most similar cached cell is %s, made %s%s (key %s):\n", e.Nearest.Cell, timeText(e.Nearest.Started), onHost(e.Nearest.Host), e.Nearest.Key.Short())
		const many = 40
		for i, line := range causes {
			if i == many {
				fmt.Fprintf(out, "  and %d more lines\n", len(causes)-many)
				break
			}
			sayf(out, "  %s\n", line)
		}
	}
	if e.Key.IsZero() {
		fmt.Fprintln(out, "\nThe key is not known yet. These lines of it are known (? marks the others):")
	} else {
		fmt.Fprintf(out, "\nThe key %s is the digest of:\n", e.Key)
	}
	writeKey(out, e)
}

// writeKey prints the lines of a key, and after each input the cell that makes it.
func writeKey(out io.Writer, e *history.Explanation) {
	var from []*graph.Node
	for _, in := range e.Node.Inputs {
		from = append(from, in.From...)
	}
	text := strings.Split(strings.TrimSuffix(string(e.Lines.Text()), "\n"), "\n")
	for i, line := range text {
		if e.Lines[i].Part == digest.PartInput && len(from) > 0 {
			line += "  (" + from[0].ID + ")"
			from = from[1:]
		}
		fmt.Fprintf(out, "  %s\n", line)
	}
}
