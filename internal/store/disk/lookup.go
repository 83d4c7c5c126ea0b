package disk

import (
	"errors"
	"fmt"
	"foil/internal/digest"
	"foil/internal/store"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Lookup returns the record of a key if all that it names is there. If not,
// the record is nil and reason says what is missing. Objects are looked for and
// measured, not read: Object does that. The error is for what neither is a hit
// nor may be made again, such as a record of a newer format.
func (c *Cache) lookup(key digest.Key) (r *store.Record, reason string, err error) {
	path := c.recordPath(key)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if c.wasSetAside(filepath.Base(path)) {
			return nil, "its record was damaged, and was set aside", nil
		}
		return nil, store.NeverMade.Reason, nil
	case err != nil:
		return nil, "", fmt.Errorf("record of %s: %w", key.Short(), err)
	}
	r, err = store.DecodeRecord(path, text, key)
	var newer *store.NewerFormatError
	switch {
	case errors.As(err, &newer):
		return nil, "", newer
	case err != nil:
		return nil, "its record " + err.Error(), nil
	}
	for _, f := range r.Outputs {
		if reason := c.lookAt(f); reason != "" {
			return nil, fmt.Sprintf("its output %s %s", f.Name, reason), nil
		}
	}
	c.markUsed(path)
	return r, "", nil
}

// lookAt says what is wrong with an object as far as that is known.
func (c *Cache) lookAt(f File) (reason string) {
	c.mu.Lock()
	reason = c.damaged[f.Digest]
	c.mu.Unlock()
	if reason != "" {
		return reason
	}
	reason = statObject(c.objectPath(f.Digest), f.Size)
	if reason != "" && c.wasSetAside(f.Digest.String()) {
		return "was damaged, and was set aside"
	}
	return reason
}

// wasSetAside says whether a file of that name was found damaged.
func (c *Cache) wasSetAside(name string) bool {
	_, err := os.Lstat(filepath.Join(c.dir, damagedDir, name))
	return err == nil
}

// markUsed gives a record the time of its last use, for Garbage. To within an
// hour is enough, and spares most writes.
func (c *Cache) markUsed(path string) {
	const close = time.Hour
	info, err := os.Stat(path)
	if now := time.Now(); err == nil && c.readOnly == nil && now.Sub(info.ModTime()) > close {
		os.Chtimes(path, now, now)
	}
}
