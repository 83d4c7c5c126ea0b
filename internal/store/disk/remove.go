package disk

import (
	"errors"
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"path/filepath"
)

// Remove removes garbage: records before the objects that they name, so that a
// crash leaves objects without records, never records without objects. Only who
// uses the cache alone may do that.
func (c *Cache) Remove(g *Garbage) error {
	if !c.cleaning {
		return errors.New("things are removed from a cache only by who uses it alone")
	}
	folders := map[string]bool{}
	for _, e := range g.Records {
		if err := ignoreMissing(os.Remove(e.Path)); err != nil {
			return err
		}
		folders[filepath.Dir(e.Path)] = true
	}
	for dir := range folders { // not an object goes before the records are gone for good
		if err := syncPath(dir); err != nil {
			return err
		}
	}
	for _, w := range g.Objects {
		if err := removeReadOnly(w.Path); err != nil {
			return err
		}
	}
	for _, w := range g.Work {
		if err := c.removeWork(w); err != nil {
			return err
		}
	}
	for _, w := range g.Rest {
		if err := c.removeRest(w); err != nil {
			return err
		}
	}
	return nil
}

// removeWork removes a work folder, unless a process that outlived its foil
// still writes there.
func (c *Cache) removeWork(w Waste) error {
	if w.key.IsZero() {
		return os.RemoveAll(w.Path)
	}
	lock, err := c.TryLock(w.key)
	if errors.Is(err, store.ErrHeld) {
		return nil
	} else if err != nil {
		return err
	}
	defer lock.Unlock()
	return os.RemoveAll(w.Path)
}

func (c *Cache) removeRest(w Waste) error {
	var key digest.Key
	if filepath.Dir(w.Path) == filepath.Join(c.dir, locksDir) && key.UnmarshalText([]byte(filepath.Base(w.Path))) == nil {
		lock, err := c.TryLock(key)
		if err == nil {
			lock.Unlock()
		} else if !errors.Is(err, store.ErrHeld) {
			return err
		}
		return nil
	}
	return removeReadOnly(w.Path)
}

// removeReadOnly removes a file or folder also where, as on Windows, what is
// read-only cannot be removed.
func removeReadOnly(path string) error {
	err := os.RemoveAll(path)
	if err != nil && os.Chmod(path, 0o666) == nil {
		err = os.RemoveAll(path)
	}
	return err
}
