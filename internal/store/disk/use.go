package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// inUseFile is locked by every process that uses the cache: shared by those that read and
// make things, exclusively by one that removes them. So what a process has found stays where
// it is until the process ends, although it may read it much later.
//
// Where leases are held by files there is no such lock. Files that are renewed cannot take
// its place, since a process may read from a cache that it cannot write. There nothing is
// removed, unless the user says that nobody uses the cache.
const inUseFile = "in-use"

// ErrInUse says that another process uses the cache.
var ErrInUse = errors.New("another foil is using the cache; try again when it has ended")

// ErrUseUnknown says that the cache cannot tell whether another process uses it.
var ErrUseUnknown = errors.New("leases of this cache are held by files, so it is not known whether another foil uses it")

// beginUse takes the shared lock. Where there are no locks, or the folder is read-only and
// was never locked by anybody, nobody can remove anything either, and the cache is used
// without the lock.
func (c *Cache) beginUse() error {
	path := filepath.Join(c.dir, inUseFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		f, err = os.Open(path) // read-only, or made by another user
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("cache folder %s: %w", c.dir, err)
	}
	const patience = 30 * time.Second
	deadline := time.Now().Add(patience)
	for {
		ok, err := c.system.shared(f)
		if ok || err != nil {
			c.use = f
			return nil
		}
		if time.Now().After(deadline) {
			f.Close()
			return fmt.Errorf("cache folder %s: another foil has been cleaning it up for %s; try again when it is done", c.dir, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Alone makes this process the only one that uses the cache, until release is called. The
// error is ErrInUse when another process uses it, or wraps ErrUseUnknown.
func (c *Cache) Alone() (release func(), err error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	if _, files := c.leases.(*fileLeases); files {
		return nil, fmt.Errorf("cache folder %s: %w", c.dir, ErrUseUnknown)
	}
	if c.use == nil {
		return nil, fmt.Errorf("cache folder %s: has no %s that could be locked", c.dir, inUseFile)
	}
	ok, err := c.system.exclusive(c.use)
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: cannot be locked: %w", c.dir, err)
	}
	share := func() {
		for {
			if ok, err := c.system.shared(c.use); ok || err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	if !ok {
		share() // the attempt may have cost the lock that we had
		return nil, ErrInUse
	}
	c.cleaning = true
	return func() {
		c.cleaning = false
		share()
	}, nil
}

// AssumeAlone is for caches of which Alone says ErrUseUnknown, when the user says that no
// other process uses the cache. Lease files of others count as expired until release is
// called. Any other cache has to be had alone all the same.
func (c *Cache) AssumeAlone() (release func(), err error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	if _, files := c.leases.(*fileLeases); !files {
		return c.Alone()
	}
	c.cleaning = true
	return func() { c.cleaning = false }, nil
}
