package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/spec"
)

func newImport() *cobra.Command {
	var f cacheFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take the results that foil export wrote into the cache",
		Long: `import compares everything in FILE with its digest, skips what is in the cache
already, and lets cells be found only when all of FILE has proved to be whole. The
digests show damage, not who made the results: import files from people you trust.`,
		Example: `  foil import advx-ml-1m.tar.zst`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("foil import takes one file that foil export wrote, not %d arguments", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			bundle, done, err := unpacked(file)
			if err != nil {
				return err
			}
			defer done()
			c, err := disk.Open(f.dir())
			if err != nil {
				return err
			}
			defer c.Close()
			got, err := c.Import(bundle)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d cells imported with %s, %d were there already\n", args[0], got.Records, spec.FormatSize(got.Bytes), got.Known)
			return nil
		},
	}
	f.registerCache(cmd)
	return cmd
}

// unpacked reads a file that may be compressed with zstd.
func unpacked(file io.Reader) (r io.Reader, done func(), err error) {
	magic := []byte{0x28, 0xb5, 0x2f, 0xfd}
	buffered := bufio.NewReaderSize(file, 1<<20)
	if start, err := buffered.Peek(len(magic)); err != nil || !bytes.Equal(start, magic) {
		return buffered, func() {}, nil
	}
	z, err := zstd.NewReader(buffered)
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}
