package disk

import (
	"fmt"
	"foil/internal/digest"
	"os"
)

// An Orphan is a lock that is held although the process that took it has ended: by
// something that it was handed on to, see Lock.File.
type Orphan struct {
	Owner *Owner
	Path  string // of the lock; programs such as fuser tell who has it open
}

func (o *Orphan) String() string {
	return fmt.Sprintf("process %d has ended, but something it started still holds %s", o.Owner.PID, o.Path)
}

// orphan says whether a lock that is held has lost its owner. It is nil where that
// cannot be told: of processes on another machine, or in another container.
func (c *Cache) orphan(key digest.Key, owner *Owner) (*Orphan, error) {
	if owner == nil || !owner.isHere() || !hasEnded(owner.PID) {
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
	return &Orphan{Owner: owner, Path: c.lockPath(key)}, nil
}

// isHere says whether the owner's PID means the same to this process.
func (o *Owner) isHere() bool {
	host, err := os.Hostname()
	return err == nil && o.Host == host && o.Space == pidSpace()
}
