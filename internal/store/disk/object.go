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
		c.setAsideUnread(ctx, f.Digest, path, reason)
		if err := ctx.Err(); err != nil {
			return "", err
		}
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
// only have got another link. If that goes on, the object stays, because its content is right.
func (c *Cache) compare(ctx context.Context, f File, path string) (seen identity.Sight, err error) {
	for range 3 {
		seen, err = c.read(ctx, f, path)
		if !errors.Is(err, identity.ErrChanging) {
			return seen, err
		}
	}
	return seen, &store.DamagedError{File: f, Reason: err.Error()}
}

// read compares an object with its digest once. The error is a *store.DamagedError, that of ctx, or
// identity.ErrChanging if another file is the object now, or if only its identity has changed.
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
	changing := errors.Is(err, identity.ErrChanging)
	switch {
	case err != nil && ctx.Err() != nil:
		return seen, ctx.Err()
	case err != nil && !changing:
		return seen, &store.DamagedError{File: f, Reason: fmt.Sprintf("cannot be read (%v)", err)}
	case got != f.Digest:
		reason := fmt.Sprintf("has unexpected content (digest %s)", got.Short())
		if c.setAside(f.Digest, path, file, reason) {
			return seen, identity.ErrChanging
		}
		return seen, &store.DamagedError{File: f, Reason: reason}
	}
	return seen, err
}

// setAside moves a damaged object, which was read, to damaged/. If the file is not the one that was
// read, another process has repaired the object, and it stays.
func (c *Cache) setAside(d digest.Digest, path string, read *os.File, reason string) (repaired bool) {
	before, err1 := read.Stat()
	now, err2 := os.Stat(path)
	if err1 != nil || err2 != nil {
		return false
	}
	if !os.SameFile(before, now) {
		return true
	}
	c.markDamaged(d, path, reason)
	return false
}

// setAsideUnread moves an object to damaged/ that nobody has read, because a record asks for another
// size. If its content has its digest, the record is wrong, and the object stays.
func (c *Cache) setAsideUnread(ctx context.Context, d digest.Digest, path, reason string) {
	if !isIntact(ctx, path, d) && ctx.Err() == nil {
		c.markDamaged(d, path, reason)
	}
}

// markDamaged moves an object to damaged/. If that is impossible, it records the damage for Lookup.
func (c *Cache) markDamaged(d digest.Digest, path, reason string) {
	if c.readOnly == nil {
		_ = c.moveToDamaged(path)
		return
	}
	c.mu.Lock()
	c.damaged[d] = reason
	c.mu.Unlock()
}

// isIntact reports whether an object has its digest.
func isIntact(ctx context.Context, path string, d digest.Digest) bool {
	f, _, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	got, _, err := digest.OfReader(ctxio.Reader(ctx, f))
	return err == nil && got == d
}
