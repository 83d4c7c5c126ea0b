package app

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline/plan"
)

// Exported is what Export wrote.
type Exported struct {
	Results int   // records; cells that do the same work share one
	Size    int64 // of the bundle
}

// Export writes the records and files of all cells that are in the cache as one bundle,
// compressed if the path ends in .zst.
func (v *View) Export(ctx context.Context, path string) (wrote Exported, err error) {
	var records []*store.Record
	written := map[digest.Key]bool{}
	for _, c := range v.Plan.Cells {
		if c.State == plan.Hit && !written[c.Key] {
			written[c.Key] = true
			records = append(records, c.Record)
		}
	}
	if len(records) == 0 {
		return wrote, v.errNothingMade()
	}
	err = replaceFile(path, func(w io.Writer) (err error) {
		buffer := bufio.NewWriterSize(w, 1<<20)
		var out io.WriteCloser = nopCloser{buffer}
		if strings.HasSuffix(path, ".zst") {
			if out, err = zstd.NewWriter(buffer); err != nil {
				return err
			}
		}
		return cmp.Or(v.Cache.Export(ctx, out, records), out.Close(), buffer.Flush())
	})
	if err != nil {
		return wrote, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return wrote, err
	}
	return Exported{len(records), info.Size()}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// Import takes the results of a bundle into a cache.
func Import(ctx context.Context, path, cache string) (*disk.Imported, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if isFolder(path) {
		file.Close()
		return nil, fmt.Errorf("%s is a folder; name a file that foil export wrote", path)
	}
	defer file.Close()
	// This also ends a read from a pipe to which nothing is written.
	defer context.AfterFunc(ctx, func() { file.Close() })()
	bundle, done, err := unpacked(file)
	if err != nil {
		return nil, err
	}
	defer done()
	c, err := disk.Open(cache)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	imported, err := c.Import(ctx, bundle)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return imported, nil
}

// maxWindow is the largest window of zstd that is accepted. The decoder holds it in memory. foil
// export uses 8 MiB, and the zstd program at most 128 MiB unless it is forced to use more.
const maxWindow = 128 << 20

// unpacked reads a file that may be compressed with zstd.
func unpacked(file io.Reader) (r io.Reader, done func(), err error) {
	magic := []byte{0x28, 0xb5, 0x2f, 0xfd}
	buffered := bufio.NewReaderSize(file, 1<<20)
	if start, err := buffered.Peek(len(magic)); err != nil || !bytes.Equal(start, magic) {
		return buffered, func() {}, nil
	}
	z, err := zstd.NewReader(buffered, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}
