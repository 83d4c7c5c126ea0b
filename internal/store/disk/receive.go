package disk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"foil/internal/digest"
	"foil/internal/store"
)

// conflictsDir holds results of other caches that differ from the ones here.
const conflictsDir = "conflicts"

// Receive stores an object that write writes. If the content has another digest or size, nothing is
// stored.
func (c *Cache) Receive(ctx context.Context, f File, write func(io.Writer) error) error {
	dir, err := c.Scratch("receive-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file, err := os.Create(filepath.Join(dir, f.Digest.String()))
	if err != nil {
		return err
	}
	h := sha256.New()
	n := &written{}
	if err := write(io.MultiWriter(&flushed{file: file}, h, n)); err != nil {
		file.Close()
		return err
	}
	if got := digest.Digest(h.Sum(nil)); got != f.Digest || n.bytes != f.Size {
		file.Close()
		return fmt.Errorf("object %s has unexpected content (digest %s)", f.Digest.Short(), got.Short())
	}
	p := newPublisher(c)
	defer p.syncs.wait() // also after an error
	if err := p.name(ctx, file, f); err != nil {
		return err
	}
	return p.settle()
}

type written struct{ bytes int64 }

func (w *written) Write(p []byte) (int, error) {
	w.bytes += int64(len(p))
	return len(p), nil
}

// Has reports whether the cache has an object, as far as that shows without reading it.
func (c *Cache) Has(f File) bool { return c.lookAt(f) == "" }

// Adopt publishes a record whose outputs exist here. If the key has a record that is a hit, that one
// stays, and Adopt returns it. The error is store.ErrHeld if another run is making the key.
func (c *Cache) Adopt(ctx context.Context, r *store.Record) (known *store.Record, err error) {
	for _, f := range r.Outputs {
		if reason := c.lookAt(f); reason != "" {
			return nil, &store.DamagedError{File: f, Reason: reason}
		}
	}
	adopted := *r
	if r.Log != nil && c.lookAt(*r.Log) != "" {
		adopted.Log = nil // no result depends on it
	}
	return c.adopt(ctx, &adopted)
}

func (c *Cache) conflictPath(key digest.Key) string {
	return filepath.Join(c.dir, conflictsDir, key.String()+".json")
}

// KeepConflict keeps the record of another cache that has other outputs for a key than this one.
func (c *Cache) KeepConflict(r *store.Record) error {
	if err := c.Writable(); err != nil {
		return err
	}
	text, err := r.Encode()
	if err != nil {
		return err
	}
	path := c.conflictPath(r.Key)
	if err := c.makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := c.access.Temp(path + ".new-" + strconv.FormatUint(rand.Uint64(), 36))
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// ConflictOf returns the record that KeepConflict kept for the key of a record, or nil. A conflict
// is over when the cache has the same outputs.
func (c *Cache) ConflictOf(r *store.Record) *store.Record {
	path := c.conflictPath(r.Key)
	text, _, err := readSmall(path)
	if err != nil {
		return nil
	}
	other, err := store.ExamineForeign(path, text, r.Key)
	if err != nil || slices.Equal(other.Outputs, r.Outputs) {
		return nil
	}
	return other
}
