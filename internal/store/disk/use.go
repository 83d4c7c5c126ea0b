package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// inUseFile is locked by every process that uses the cache. Processes that read and make results
// take a shared lock; a process that removes results takes an exclusive lock. So the files that a
// process has found stay in place until it ends, even if it reads them much later.
//
// If leases are files, there is no such lock. Renewed files cannot replace it, because a process
// may read from a cache that it cannot write. In such a cache, nothing is removed unless the user
// states that no process uses the cache.
const inUseFile = "in-use"

// ErrInUse means that another process uses the cache.
var ErrInUse = errors.New("another foil is using the cache; try again when it has ended")

// ErrUseUnknown means that it is not known whether another process uses the cache.
var ErrUseUnknown = errors.New("leases of this cache are held by files, so it is not known whether another foil uses it")

// beginUse takes the shared lock. Without locks, or in a read-only folder that was never locked, no
// process can remove files either. Then the cache is used without the lock. If this user cannot
// open the file, another process may clean up while this one reads. It then finds missing files,
// which are made again.
func (c *Cache) beginUse() error {
	f, err := c.openInUse()
	if f == nil {
		return err
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

// openInUse opens the file, and makes it if it is missing. It returns nil if there is none.
func (c *Cache) openInUse() (*os.File, error) {
	path := filepath.Join(c.dir, inUseFile)
	f, err := c.openOrMake(path)
	if c.putOddAside(path, err) {
		f, err = c.openOrMake(path)
	}
	if err != nil { // read-only, or made by another user
		f, _, err = openRegular(path, os.O_RDONLY)
	}
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, fs.ErrNotExist), isOdd(err):
		return nil, nil
	}
	return nil, c.skipUnreadable(path, err)
}

// openOrMake opens a file of the cache for reading and writing, and makes it if it is missing.
func (c *Cache) openOrMake(path string) (*os.File, error) {
	for {
		f, _, err := openRegular(path, os.O_RDWR)
		if !errors.Is(err, fs.ErrNotExist) || c.readOnly != nil {
			return f, err
		}
		if f, err = c.access.Create(path); !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// Alone makes this process the only user of the cache until release is called. The error is
// ErrInUse if another process uses the cache, or wraps ErrUseUnknown.
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
		share() // the attempt may have lost the shared lock
		return nil, ErrInUse
	}
	c.cleaning = true
	return func() {
		c.cleaning = false
		share()
	}, nil
}

// AssumeAlone is for caches for which Alone returns ErrUseUnknown, if the user states that no other
// process uses the cache. Lease files of other processes count as expired until release is called.
// For other caches, AssumeAlone is Alone.
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
