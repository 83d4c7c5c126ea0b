package disk

import (
	"foil/internal/digest"
	"foil/internal/store"
	"os"
)

// orphan says whether a lock that is held has lost its owner. It is nil where that
// cannot be told: of processes on another machine, or in another container.
func (c *Cache) orphan(key digest.Key, owner *store.Owner) (*store.Orphan, error) {
	if owner == nil || !isHere(owner) || !hasEnded(owner.PID) {
		return nil, nil
	}
	// It may have unlocked, and then ended, after somebody saw its lock.
	held, err := c.isLocked(key)
	if err != nil || !held {
		return nil, err
	}
	if now := c.owner(key); now == nil || *now != *owner {
		return nil, nil
	}
	return &store.Orphan{Owner: owner, Path: c.lockPath(key)}, nil
}

// isHere says whether an owner's PID means the same to this process.
func isHere(o *store.Owner) bool {
	host, err := os.Hostname()
	return err == nil && o.Host == host && o.Space == pidSpace()
}
