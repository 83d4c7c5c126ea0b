package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/identity"
	"foil/internal/store"
)

// A File is a named object: one output file of a piece of work.
type File = digest.File

// A check is the comparison of an object with its digest. It holds as long as the identity of the
// file is the same.
type check struct {
	mu      sync.Mutex // held while the object is read, so that it is read once
	seen    identity.Sight
	known   bool // seen was compared with the digest
	durable bool // this process has synced the object; protected by Cache.mu
}

// Fetch returns the path of an object. It compares the content with the digest, unless this process
// has done so and the file has not changed since. A damaged object is set aside, and the error is a
// *store.DamagedError.
func (c *Cache) Fetch(ctx context.Context, f File) (path string, err error) {
	return c.object(ctx, f)
}

func (c *Cache) object(ctx context.Context, f File) (path string, err error) {
	path = c.objectPath(f.Digest)
	ch := c.checkOf(f.Digest)
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	id, reason := lookAtObject(path, f.Size)
	if reason != "" {
		ch.known = false
		c.setAside(f.Digest, path, nil, reason)
		if reason == missing && c.wasSetAside(f.Digest.String()) {
			reason = "was damaged, and was set aside"
		}
		return "", &store.DamagedError{File: f, Reason: reason}
	}
	if ch.known && ch.seen.Settled && ch.seen.Identity == id {
		return path, nil
	}
	ch.known = false
	if ch.seen, err = c.compare(ctx, f, path); err != nil {
		return "", err
	}
	ch.known = true
	return path, nil
}

// checkOf returns the check of an object, which may not be known yet.
func (c *Cache) checkOf(d digest.Digest) *check {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.checks[d]
	if ch == nil {
		ch = new(check)
		c.checks[d] = ch
	}
	return ch
}

// missing is the damage of an object that is not there.
const missing = "is missing from the cache"

// statObject returns the damage of an object that shows without reading it, or "".
func statObject(path string, size int64) (reason string) {
	_, reason = lookAtObject(path, size)
	return reason
}

// lookAtObject returns the identity of an object, or its damage that shows without reading it.
func lookAtObject(path string, size int64) (id identity.Identity, reason string) {
	id, err := identity.At(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return id, missing
	case err != nil:
		return id, fmt.Sprintf("cannot be read (%v)", err)
	case !id.IsRegular():
		return id, "is not a file"
	case id.Size() != size:
		return id, fmt.Sprintf("has %d bytes instead of %d", id.Size(), size)
	}
	return id, ""
}

// compare reads an object and sets it aside if it has another digest. The error is a
// *store.DamagedError, or that of ctx. An object that changes in the meantime is read again: it may
// only have got another link.
func (c *Cache) compare(ctx context.Context, f File, path string) (seen identity.Sight, err error) {
	for range 3 {
		seen, err = c.read(ctx, f, path)
		if !errors.Is(err, identity.ErrChanging) {
			return seen, err
		}
	}
	reason := err.Error()
	c.setAside(f.Digest, path, nil, reason)
	return seen, &store.DamagedError{File: f, Reason: reason}
}

// read compares an object with its digest once. The error is a *store.DamagedError, that of ctx, or
// identity.ErrChanging.
func (c *Cache) read(ctx context.Context, f File, path string) (identity.Sight, error) {
	file, err := os.Open(path)
	if err != nil {
		return identity.Sight{}, &store.DamagedError{File: f, Reason: fmt.Sprintf("cannot be read (%v)", err)}
	}
	defer file.Close()
	var got digest.Digest
	seen, err := identity.SeeDuring(file, func() (err error) {
		got, _, err = c.hash(ctxio.Reader(ctx, file))
		return err
	})
	if err == nil && got == f.Digest {
		if now, missing := identity.At(path); missing != nil || now != seen.Identity {
			err = identity.ErrChanging // another file has its name now
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return seen, ctx.Err()
	case errors.Is(err, identity.ErrChanging):
		return seen, err
	case err != nil:
		return seen, &store.DamagedError{File: f, Reason: fmt.Sprintf("cannot be read (%v)", err)}
	case got != f.Digest:
		reason := fmt.Sprintf("has unexpected content (digest %s)", got.Short())
		c.setAside(f.Digest, path, file, reason)
		return seen, &store.DamagedError{File: f, Reason: reason}
	}
	return seen, nil
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
