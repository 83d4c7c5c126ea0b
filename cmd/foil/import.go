package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/store/disk"
	"foil/internal/words"
	"foil/spec"
)

func newImport() *cobra.Command {
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the results of a foil export file to the cache",
		Long: `import compares everything in FILE with its digest and skips results that are in
the cache. The new results are used only after all of FILE has been checked. The
digests detect damage; they do not prove who made the results. Import files only
from people you trust.

If FILE has other output for a cached cell, import keeps that of the cache and
reports both. Records name the processor and the build that made
them; where these differ, the last bits may differ, too.

Exit status: 0 no problem, 1 something could not be imported, or a cell has other
output in FILE although nothing explains that.`,
		Example: `  foil import advx-ml-1m.tar.zst`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("import takes one file that foil export wrote, not %s", words.Count(len(args), "argument"))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			got, err := app.Import(cmd.Context(), args[0], f.dir())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			unexplained := writeConflicts(out, args[0], got.Conflicts)
			fmt.Fprintf(out, "%s: %s imported with %s, %d already cached", args[0], words.Count(got.Records, "result"), spec.FormatSize(got.Bytes), got.Known)
			if n := len(got.Conflicts); n > 0 {
				fmt.Fprintf(out, ", %d of them with other output, where the cache keeps its own", n)
			}
			fmt.Fprintln(out)
			if got.Held > 0 {
				fmt.Fprintf(out, "%s left out, which another run is making: import the file again after that run\n", words.Count(got.Held, "result"))
			}
			if unexplained > 0 || got.Held > 0 {
				return errReported
			}
			return nil
		},
	}
	f.registerCache(cmd)
	return cmd
}

// writeConflicts lists cells that have other output in a file than in the cache. It returns how many
// of them nothing explains.
func writeConflicts(out io.Writer, file string, conflicts []disk.Conflict) (unexplained int) {
	for _, c := range conflicts {
		why := app.WhyDifferent(c.Ours, c.Theirs, "the cell in the cache", "the one in the file")
		if !why.Allowed {
			unexplained++
		}
		fmt.Fprintf(out, "conflict   %s (%s, key %s): %s in %s differ from those in the cache\n           in the cache: made %s%s with foil %s; in the file: made %s%s with foil %s\n           %s\n",
			c.Ours.Cell, c.Ours.Kind, c.Ours.Key.Short(), words.Few(app.DifferentFiles(c.Ours.Outputs, c.Theirs.Outputs)), file,
			timeText(c.Ours.Started), onHost(c.Ours.Host), c.Ours.Foil, timeText(c.Theirs.Started), onHost(c.Theirs.Host), c.Theirs.Foil, why.Text)
	}
	return unexplained
}
