package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/words"
	"foil/spec"
)

func newExport() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	var output string
	cmd := &cobra.Command{
		Use:   "export EXPERIMENT -o FILE",
		Short: "Write the results of an experiment as one file, for another cache",
		Long: `export writes the results of all cached cells of an experiment as one tar file,
compressed if FILE ends in .zst. foil import adds them to another cache, where the
same experiment then finds them. Cells that do the same work share one result.`,
		Example: `  foil export advx-ml-1m -o advx-ml-1m.tar.zst
  foil export advx-ml-1m --only 'model[fold=0]' -o fold0.tar`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usageError{fmt.Errorf("export needs -o FILE, such as -o %s.tar.zst", strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])))}
			}
			setup, err := f.setup()
			if err != nil {
				return err
			}
			view, err := setup.Look(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			wrote, err := view.Export(cmd.Context(), output)
			if err != nil {
				return err
			}
			sayf(cmd.OutOrStdout(), "%s: %s for %d of %s, %s\n", output, words.Count(wrote.Results, "result"), view.Plan.Hits, words.Count(len(view.Plan.Cells), "cell"), spec.FormatSize(wrote.Size))
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`, compressed if it ends in .zst")
	return cmd
}
