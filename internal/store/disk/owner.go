package disk

import (
	"encoding/json"
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"time"
)

// writeOwner says who does the work, in the file that is locked: one of its own would
// be made and removed for each cell, which may take longer than to sync one. Nothing
// but messages depends on it.
func (l *Lock) writeOwner() error {
	host, _ := os.Hostname()
	text, err := json.Marshal(store.Owner{Host: host, PID: os.Getpid(), Space: pidSpace(), Since: time.Now().UTC()})
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := l.file.WriteAt(text, 0); err != nil {
		return err
	}
	return l.file.Truncate(int64(len(text))) // a killed owner may have left more
}

// owner reads who holds the lock of a key; nil when that is not known.
func (c *Cache) owner(key digest.Key) *store.Owner {
	owner := new(store.Owner)
	text, err := os.ReadFile(c.lockPath(key))
	if err != nil || json.Unmarshal(text, owner) != nil {
		return nil
	}
	return owner
}
