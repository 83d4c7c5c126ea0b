package remote

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"foil/internal/ctxio"
)

// decoding bounds the memory of a decoder. What foil writes needs 8 MiB, and what the zstd program
// writes at most 128 MiB unless it is forced to use more.
var decoding = []zstd.DOption{
	zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128 << 20),
}

// pack compresses r into a file in a folder of its own. Then the size is known: servers ask for it.
func pack(ctx context.Context, scratch Scratch, r io.Reader) (packed *os.File, size int64, err error) {
	if scratch == nil {
		scratch = func(prefix string) (string, error) { return os.MkdirTemp("", "foil-"+prefix) }
	}
	dir, err := scratch("upload-")
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Create(filepath.Join(dir, "packed"))
	if err != nil {
		os.RemoveAll(dir)
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			discard(f)
		}
	}()
	z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, 0, err
	}
	_, err = ctxio.Copy(ctx, z, r)
	if e := z.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, 0, err
	}
	size, err = f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return f, size, err
}

func discard(f *os.File) {
	f.Close()
	os.RemoveAll(filepath.Dir(f.Name()))
}
