package cache

import (
	"errors"
	"path/filepath"
)

// Begun returns the keys of which WorkState may have something to say: those with a
// work folder or a lock. It reads two folders, however many keys are asked for.
func (c *Cache) Begun() (map[Key]bool, error) {
	begun := map[Key]bool{}
	add := func(_, name string) error {
		var key Key
		if key.UnmarshalText([]byte(name)) == nil {
			begun[key] = true
		}
		return nil
	}
	err := errors.Join(eachEntry(filepath.Join(c.dir, workDir), add), eachEntry(filepath.Join(c.dir, locksDir), add))
	return begun, err
}
