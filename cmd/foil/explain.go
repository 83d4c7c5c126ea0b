package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/pipeline"
)

func newExplain() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "explain EXPERIMENT CELL",
		Short: "Say what a cell's key is made of, and why it is not in the cache",
		Long: `explain prints the text whose digest is the key of a cell: all that its result
depends on. For a cell that is not in the cache it says why: never made, and then
in what it differs from the most similar work that was done; an output that is
missing or damaged; or another cell that has to be made first. Where an input
differs, the works that made its old and new content are compared, too. A cell
that is being made, failed or was interrupted is told as foil status does.`,
		Example: `  foil explain quickstart table
  foil explain advx-ml-1m 'model[age=200,fold=0,gender=400]' --set stages.model.with.epochs=50`,
		Args: experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, c, err := lookAtCell(cmd.Context(), &e, &f, args[0], args[1])
			if err != nil {
				return err
			}
			var history *pipeline.History // a hit is compared with nothing
			if c.State != pipeline.Hit {
				if history, err = pipeline.ReadHistory(v.cache); err != nil {
					return err
				}
			}
			f.noteMissing(cmd.ErrOrStderr())
			return writeExplanation(cmd.OutOrStdout(), v.cache, v.plan.Explainer(history).Explain(c.Node))
		},
	}
	e.register(cmd)
	f.register(cmd)
	return cmd
}

func writeExplanation(out io.Writer, c *disk.Cache, e *pipeline.Explanation) error {
	fmt.Fprintf(out, "%s (%s)\n", e.Node.ID, e.Node.Kind.Name)
	if e.State == pipeline.Hit {
		r := e.Record
		fmt.Fprintf(out, "is in the cache: made %s in %s%s\n", timeText(r.Started), duration(r.Wall()), onHost(r.Host))
		if r.Cell != "" && r.Cell != e.Node.ID {
			fmt.Fprintf(out, "under the name %s\n", r.Cell)
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

// writeMiss says that a cell is not in the cache, and how far it is.
func writeMiss(out io.Writer, c *disk.Cache, e *pipeline.Explanation) error {
	if e.State == pipeline.Hit {
		return nil
	}
	fmt.Fprintf(out, "is not in the cache: %s\n", e.Reason)
	if e.Key.IsZero() || e.SameAs != nil {
		return nil
	}
	state, err := c.WorkState(e.Key)
	if err == nil && state != nil {
		fmt.Fprintln(out, stateWithLog(state))
	}
	return err
}

// writeCauses says what is new about a cell, and what its key is made of.
func writeCauses(out io.Writer, e *pipeline.Explanation) {
	if causes := e.Causes(); len(causes) > 0 {
		fmt.Fprintf(out, "\nThe nearest that was made is %s, of %s%s (key %s):\n", e.Nearest.Cell, timeText(e.Nearest.Started), onHost(e.Nearest.Host), e.Nearest.Key.Short())
		const many = 40
		for i, line := range causes {
			if i == many {
				fmt.Fprintf(out, "  and %d more lines\n", len(causes)-many)
				break
			}
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
	if e.Key.IsZero() {
		fmt.Fprintln(out, "\nIts key is not known yet. As far as it is:")
	} else {
		fmt.Fprintf(out, "\nIts key %s is the digest of:\n", e.Key)
	}
	writeKeyText(out, e)
}

// writeKeyText prints a key's text, and behind each input the cell that it is
// the output of.
func writeKeyText(out io.Writer, e *pipeline.Explanation) {
	var from []*pipeline.Node
	for _, in := range e.Node.Inputs {
		from = append(from, in.From...)
	}
	i := 0
	for line := range strings.Lines(e.Text) {
		line = strings.TrimSuffix(line, "\n")
		if e.Lines[i].Part == pipeline.PartInput && len(from) > 0 {
			line += "  (" + from[0].ID + ")"
			from = from[1:]
		}
		fmt.Fprintf(out, "  %s\n", line)
		i++
	}
}

func timeText(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func onHost(host string) string {
	if host == "" {
		return ""
	}
	return " on " + host
}
