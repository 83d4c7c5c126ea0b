package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"foil/internal/digest"
	"foil/internal/store"
)

// A File is a named object: one output file of a piece of work.
type File = digest.File

// A check is the comparison of an object with its digest, done once per process.
type check struct {
	once sync.Once
	err  error
}

// Fetch returns the path of an object. The first call of this process compares its content with its
// digest. A damaged object is set aside, and the error is a *store.DamagedError.
func (c *Cache) Fetch(ctx context.Context, f File) (path string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return c.object(f)
}

func (c *Cache) object(f File) (path string, err error) {
	path = c.objectPath(f.Digest)
	if reason := statObject(path, f.Size); reason != "" {
		c.setAside(f.Digest, path, nil, reason)
		return "", &store.DamagedError{File: f, Reason: reason}
	}
	c.mu.Lock()
	ch := c.checks[f.Digest]
	if ch == nil {
		ch = new(check)
		c.checks[f.Digest] = ch
	}
	c.mu.Unlock()
	ch.once.Do(func() { ch.err = c.compare(f, path) })
	if ch.err != nil {
		c.mu.Lock()
		if c.checks[f.Digest] == ch {
			delete(c.checks, f.Digest) // it may be made again
		}
		c.mu.Unlock()
		return "", ch.err
	}
	return path, nil
}

// statObject returns the damage of an object that shows without reading it, or "".
func statObject(path string, size int64) (reason string) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is missing from the cache"
	case err != nil:
		return fmt.Sprintf("cannot be read (%v)", err)
	case !info.Mode().IsRegular():
		return "is not a file"
	case info.Size() != size:
		return fmt.Sprintf("has %d bytes instead of %d", info.Size(), size)
	}
	return ""
}

// compare reads an object and sets it aside if it has another digest.
func (c *Cache) compare(f File, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return &store.DamagedError{File: f, Reason: fmt.Sprintf("cannot be read (%v)", err)}
	}
	defer file.Close()
	got, _, err := digest.OfReader(file)
	switch {
	case err != nil:
		return &store.DamagedError{File: f, Reason: fmt.Sprintf("cannot be read (%v)", err)}
	case got != f.Digest:
		reason := fmt.Sprintf("has unexpected content (digest %s)", got.Short())
		c.setAside(f.Digest, path, file, reason)
		return &store.DamagedError{File: f, Reason: reason}
	}
	return nil
}

// setAside moves a damaged object to damaged/. If the file is not the one that was read, another
// process has repaired the object, and it stays. If nobody has read it, because a record asks for
// another size, the object stays if its content has its digest: then the record is wrong. If the
// file cannot be moved, setAside records the damage for Lookup.
func (c *Cache) setAside(d digest.Digest, path string, read *os.File, reason string) {
	if read == nil && isIntact(path, d) {
		return
	}
	if read != nil {
		before, err1 := read.Stat()
		now, err2 := os.Stat(path)
		if err1 != nil || err2 != nil || !os.SameFile(before, now) {
			return
		}
	}
	if c.readOnly == nil {
		_ = c.moveToDamaged(path)
		return
	}
	c.mu.Lock()
	c.damaged[d] = reason
	c.mu.Unlock()
}

// isIntact reports whether an object has its digest.
func isIntact(path string, d digest.Digest) bool {
	f, _, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	got, _, err := digest.OfReader(f)
	return err == nil && got == d
}

// trust records that an object was just made from hashed content.
func (c *Cache) trust(d digest.Digest) {
	ch := new(check)
	ch.once.Do(func() {})
	c.mu.Lock()
	c.checks[d] = ch
	c.mu.Unlock()
}
