package tabular

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// unpack returns the content of a page, which must have the given size.
func (f *pqFile) unpack(page []byte, codec, size int64) (out []byte, err error) {
	if size < 0 || size > int64(f.budget) {
		return nil, fmt.Errorf("not a valid Parquet file: a page of %d bytes, more than the file can hold", size)
	}
	f.budget -= int(size)
	switch codec {
	case 0:
		out = page
	case 1:
		n, err := snappy.DecodedLen(page)
		if err != nil || int64(n) != size {
			return nil, errPage
		}
		out, err = snappy.Decode(nil, page)
		if err != nil {
			return nil, errPage
		}
	case 2:
		r, err := gzip.NewReader(bytes.NewReader(page))
		if err != nil {
			return nil, errPage
		}
		if out, err = io.ReadAll(io.LimitReader(r, size+1)); err != nil {
			return nil, errPage
		}
	case 6:
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(size)+1<<10))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		if out, err = d.DecodeAll(page, nil); err != nil {
			return nil, errPage
		}
	case 7:
		out = make([]byte, size)
		n, err := lz4.UncompressBlock(page, out)
		if err != nil {
			return nil, errPage
		}
		out = out[:n]
	default:
		names := map[int64]string{3: "LZO", 4: "Brotli", 5: "the old LZ4"}
		return nil, fmt.Errorf("it is compressed with %s (number %d); write it with snappy, zstd, gzip, or without compression", names[codec], codec)
	}
	if int64(len(out)) != size {
		return nil, errPage
	}
	return out, nil
}

var errPage = errors.New("not a valid Parquet file: a page cannot be unpacked")
