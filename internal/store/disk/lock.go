package disk

import (
	"context"
	"errors"
	"fmt"
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"time"
)

// A Lock is the right to do the work of a key. It is the operating system's:
// it ends with the process, however that ends.
type Lock struct {
	cache *Cache
	key   digest.Key
	file  *os.File
}

// TryLock takes the lock of a key, or returns store.ErrHeld.
func (c *Cache) TryLock(key digest.Key) (*Lock, error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	path := c.lockPath(key)
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, fmt.Errorf("lock of %s: %w", key.Short(), err)
		}
		ok, err := lockFile(f)
		if err != nil || !ok {
			f.Close()
			if err == nil {
				return nil, store.ErrHeld
			}
			return nil, fmt.Errorf("lock of %s: %w", key.Short(), err)
		}
		// The owner before us removed the file: what we locked may be a file
		// that has no name any more, while another one is locked under it.
		if isAt(f, path) {
			return &Lock{cache: c, key: key, file: f}, nil
		}
		f.Close()
	}
}

// Lock takes the lock of a key and waits for it as long as ctx allows.
func (c *Cache) Lock(ctx context.Context, key digest.Key) (*Lock, error) {
	const longest = 100 * time.Millisecond
	for delay := time.Millisecond; ; delay = min(2*delay, longest) {
		l, err := c.TryLock(key)
		if !errors.Is(err, store.ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(delay):
		}
	}
}

// File is the file that is locked. Where locks are flocks (all but Windows), a
// process that is given it as an open file holds the lock as well: nobody else
// gets it before both have ended, or before Unlock.
func (l *Lock) File() *os.File { return l.file }

// Unlock gives the lock back.
func (l *Lock) Unlock() {
	os.Remove(l.file.Name())
	l.file.Close()
}

func isAt(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
