package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/words"
	"foil/spec"
)

func newImport() *cobra.Command {
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the results of a foil export file to the cache",
		Long: `import compares everything in FILE with its digest and skips results that are in
the cache. The new cells become hits only after all of FILE has been checked. The
digests detect damage; they do not prove who made the results. Import files only
from people you trust.`,
		Example: `  foil import advx-ml-1m.tar.zst`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("foil import takes one file that foil export wrote, not %s", words.Count(len(args), "argument"))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			got, err := app.Import(args[0], f.dir())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s imported with %s, %d already in the cache\n", args[0], words.Count(got.Records, "cell"), spec.FormatSize(got.Bytes), got.Known)
			return nil
		},
	}
	f.registerCache(cmd)
	return cmd
}
