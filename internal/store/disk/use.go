package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// inUseFile is locked by everybody who uses the cache: shared by those who
// read and make things, and alone by who removes them. So what a process has
// found stays where it is until the process ends, although it may read it much
// later.
const inUseFile = "in-use"

// ErrInUse says that another process uses the cache.
var ErrInUse = errors.New("the cache is in use by another foil, which may be about to read what would be removed; try again when it has ended")

// beginUse takes the shared lock. Where there are no locks, or the folder is
// read-only and was never locked by anybody, nobody can remove anything
// either, and the cache is used without.
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
		ok, err := lockShared(f)
		if ok || err != nil {
			c.use = f
			return nil
		}
		if time.Now().After(deadline) {
			f.Close()
			return fmt.Errorf("cache folder %s: another foil has been removing things from it for %s; try again when it is done", c.dir, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Alone makes this process the only one that uses the cache, until release is
// called. The error is ErrInUse when it is not.
func (c *Cache) Alone() (release func(), err error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	if c.use == nil {
		return nil, fmt.Errorf("cache folder %s: has no %s that could be locked", c.dir, inUseFile)
	}
	ok, err := lockFile(c.use)
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: cannot be locked: %w", c.dir, err)
	}
	share := func() {
		for {
			if ok, err := lockShared(c.use); ok || err != nil {
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
