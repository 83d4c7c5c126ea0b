// Package ctxio reads and copies large amounts of data until a context ends.
package ctxio

import (
	"context"
	"io"
)

// step is the number of bytes that Copy copies before it looks at the context. Even a slow disk
// writes them within a fraction of a second.
const step = 4 << 20

// Copy is io.Copy until ctx is done. It copies in steps and not through a Reader, so that the
// system can still copy from file to file itself.
func Copy(ctx context.Context, w io.Writer, r io.Reader) (written int64, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return written, err
		}
		n, err := io.CopyN(w, r, step)
		written += n
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
	}
}

// Reader returns a reader of r whose Read fails with the error of ctx when ctx is done.
func Reader(ctx context.Context, r io.Reader) io.Reader { return reader{ctx, r} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
