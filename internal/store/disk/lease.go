package disk

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// A leasing is a way to hold leases. A cache has one, see wayFile.
type leasing interface {
	// take returns store.ErrHeld if the lease of a key is held.
	take(key digest.Key) (hold, error)

	// holder returns the holder of the lease of a key, or nil if the lease is free or the holder is
	// not known.
	holder(key digest.Key) (*store.Holder, error)
}

// A hold is a lease that this process has taken.
type hold interface {
	sign(store.Owner) error // records the owner, for other processes
	check() error           // store.ErrLost if it has ended
	lost() <-chan struct{}  // closed when it has ended; nil: it does not end
	file() *os.File         // a file that keeps the lease while any process has it open; nil: there is none
	giveBack()
}

// A lease is the right to make a key.
type lease struct {
	cache   *Cache
	key     digest.Key
	hold    hold
	before  digest.Digest // of the text of the record when the lease was taken; zero: there was none
	begun   bool          // an attempt of this lease has begun
	earlier *begunNote    // of the attempts without progress before it; nil: there were none
	release sync.Once
}

var (
	_ store.Lease       = (*lease)(nil)
	_ store.Inheritable = (*lease)(nil)
	_ store.Sparing     = (*lease)(nil)
)

// Acquire takes the lease of a key, or returns store.ErrHeld.
func (c *Cache) Acquire(ctx context.Context, key digest.Key) (store.Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := c.acquire(key)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (c *Cache) acquire(key digest.Key) (*lease, error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	h, err := c.leases.take(key)
	if err != nil {
		return nil, err
	}
	l := &lease{cache: c, key: key, hold: h}
	if _, ok := c.leases.(*fileLeases); ok {
		// The previous owner may have published the record, or noted a failure, on another machine. A
		// client of a network file system remembers for up to a minute that a file was missing, until
		// it opens the folder.
		folder := filepath.Dir(c.recordPath(key))
		c.revalidate(filepath.Dir(folder))
		c.revalidate(folder)
		c.revalidate(c.workPath(key))
	}
	if text, _, err := c.readRecord(c.recordPath(key)); err == nil {
		l.before = digest.Of(text)
	}
	return l, nil
}

// openFolder opens and closes a folder, which may be missing.
func openFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		f.Close()
	}
}

// Holder returns the holder of the lease of a key, or nil if the lease is free.
func (c *Cache) Holder(_ context.Context, key digest.Key) (*store.Holder, error) {
	return c.leases.holder(key)
}

// Lost is closed when the lease has ended before Release.
func (l *lease) Lost() <-chan struct{} { return l.hold.lost() }

// Inherit returns the locked file, where locks are flocks. A process that inherits the open file
// also holds the lease. The lease is free after both processes have ended, or after Release.
func (l *lease) Inherit() *os.File { return l.hold.file() }

// Release gives the lease back.
func (l *lease) Release() {
	l.release.Do(func() {
		l.share()
		l.hold.giveBack()
	})
}

// thisOwner is the owner of a lease that this process takes now.
func (c *Cache) thisOwner() store.Owner {
	host, _ := os.Hostname()
	return store.Owner{Host: host, PID: os.Getpid(), Space: pidSpace(), Group: c.group, Since: time.Now().UTC()}
}

// isGone reports whether the process of an owner has ended. It returns false if that is not known,
// for example for a process on another machine or in another container.
func isGone(o *store.Owner) bool {
	host, err := os.Hostname()
	return o != nil && err == nil && o.Host == host && o.Space == pidSpace() && hasEnded(o.PID)
}

func leaseError(key digest.Key, err error) error {
	return fmt.Errorf("lease of %s: %w", key.Short(), err)
}
