package disk

import (
	"errors"
	"foil/internal/digest"
	"path/filepath"
)

// Begun returns the keys of which WorkState may have something to say: those with a
// work folder or a lock. It reads two folders, however many keys are asked for.
func (c *Cache) Begun() (map[digest.Key]bool, error) {
	begun := map[digest.Key]bool{}
	add := func(_, name string) error {
		var key digest.Key
		if key.UnmarshalText([]byte(name)) == nil {
			begun[key] = true
		}
		return nil
	}
	err := errors.Join(eachEntry(filepath.Join(c.dir, workDir), add), eachEntry(filepath.Join(c.dir, locksDir), add))
	return begun, err
}
