package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// NeverMade is the reason of a miss without a record.
const NeverMade = "never made"

// Lookup returns the record of a key if all that it names is there. If not,
// the record is nil and reason says what is missing. Objects are looked for and
// measured, not read: Object does that. The error is for what neither is a hit
// nor may be made again, such as a record of a newer format.
func (c *Cache) Lookup(key Key) (r *Record, reason string, err error) {
	path := c.recordPath(key)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, NeverMade, nil
	case err != nil:
		return nil, "", fmt.Errorf("record of %s: %w", key.Short(), err)
	}
	r, err = decodeRecord(path, text, key)
	var newer *NewerFormatError
	switch {
	case errors.As(err, &newer):
		return nil, "", newer
	case err != nil:
		return nil, "its record " + err.Error(), nil
	}
	for _, f := range r.Outputs {
		if reason := statObject(c.objectPath(f.Digest), f.Size); reason != "" {
			return nil, fmt.Sprintf("its output %s %s", f.Name, reason), nil
		}
	}
	return r, "", nil
}
