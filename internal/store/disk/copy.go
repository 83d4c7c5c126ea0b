package disk

import (
	"errors"
	"foil/internal/store"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// CopyTo makes work a hit in another cache, too. Objects are compared with their
// digests, and linked where the file system can do that.
func (c *Cache) CopyTo(to *Cache, r *store.Record) error {
	for _, f := range r.Outputs {
		path, err := c.Object(f)
		if err != nil {
			return err
		}
		if err := linkOrCopy(path, to.objectPath(f.Digest)); err != nil {
			return err
		}
	}
	copied := *r
	copied.Log = nil // nobody reads it there
	return to.adopt(&copied)
}

// adopt publishes a record whose objects are there already.
func (c *Cache) adopt(r *store.Record) error {
	lock, err := c.TryLock(r.Key)
	if errors.Is(err, store.ErrHeld) {
		return nil // it is being made
	} else if err != nil {
		return err
	}
	defer lock.Unlock()
	w := c.work(r.Key)
	if err := os.MkdirAll(w.dir(), 0o777); err != nil {
		return err
	}
	p := newPublisher(c)
	defer p.syncs.wait() // also where there is an error
	return w.publishRecord(r, p)
}

func linkOrCopy(path, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return err
	}
	if err := os.Link(path, target); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
