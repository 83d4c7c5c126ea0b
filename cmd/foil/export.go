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
		Long: `export writes the records and files of all cells of an experiment that are in the
cache as one tar file, compressed if FILE ends in .zst. foil import adds them to
another cache, where the same experiment then finds them.`,
		Example: `  foil export advx-ml-1m -o advx-ml-1m.tar.zst
  foil export advx-ml-1m --only 'model[fold=0]' -o fold0.tar`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usageError{fmt.Errorf("foil export needs -o FILE, such as -o %s.tar.zst", strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])))}
			}
			setup, err := f.setup()
			if err != nil {
				return err
			}
			view, err := setup.Look(cmd.Context(), e.experiment(args[0]))
			if err != nil {
				return err
			}
			cells, size, err := view.Export(cmd.Context(), output)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d of %s, %s\n", output, cells, words.Count(len(view.Plan.Cells), "cell"), spec.FormatSize(size))
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`, compressed if it ends in .zst")
	return cmd
}
