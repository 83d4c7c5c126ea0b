package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/spec"
)

func newExport() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	var output string
	cmd := &cobra.Command{
		Use:   "export EXPERIMENT -o FILE",
		Short: "Write an experiment's results as one file, for another cache",
		Long: `export writes the records and files of all cells of an experiment that are in the
cache as one tar file, compressed when FILE ends in .zst. foil import takes it
into another cache, where a run of the same experiment finds its cells then.`,
		Example: `  foil export advx-ml-1m -o advx-ml-1m.tar.zst
  foil export advx-ml-1m --only 'model[fold=0]' -o fold0.tar`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usageError{fmt.Errorf("foil export needs -o FILE, such as -o %s.tar.zst", strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])))}
			}
			v, err := look(cmd.Context(), &e, &f, args[0])
			if err != nil {
				return err
			}
			var records []*store.Record
			for _, c := range v.plan.Cells {
				if c.State == pipeline.Hit {
					records = append(records, c.Record)
				}
			}
			if len(records) == 0 {
				return fmt.Errorf("no cell of %s is in the cache; foil run makes them", v.plan.Graph.Spec.Name)
			}
			size, err := exportTo(output, v.cache, records)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d of %d cells, %s\n", output, len(records), len(v.plan.Cells), spec.FormatSize(size))
			return nil
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`, compressed if it ends in .zst")
	return cmd
}

// exportTo writes a bundle, as a whole or not at all.
func exportTo(path string, c *disk.Cache, records []*store.Record) (size int64, err error) {
	err = replaceFile(path, func(w io.Writer) (err error) {
		buffer := bufio.NewWriterSize(w, 1<<20)
		var out io.WriteCloser = nopCloser{buffer}
		if strings.HasSuffix(path, ".zst") {
			if out, err = zstd.NewWriter(buffer); err != nil {
				return err
			}
		}
		return cmp.Or(c.Export(out, records), out.Close(), buffer.Flush())
	})
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
