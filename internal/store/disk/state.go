package disk

import (
	"errors"
	"foil/internal/digest"
	"foil/internal/store"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A WorkState says how far a piece of work is that is not published.
type WorkState struct {
	Running    bool          // somebody holds its lock
	Owner      *store.Owner  // who took it; nil when not known
	Orphan     *store.Orphan // the lock, where it has outlived its owner; nil: it has not, as far as is known
	Failure    string        // why it could not be done; empty when it was interrupted
	Checkpoint bool          // the next run goes on from what this one left
	Saved      time.Time     // when it left that
	Log        string        // path of the log; empty when nothing was said
	Touched    time.Time
}

// WorkState looks at a work folder. It is nil when there is none and nobody
// holds the lock of the key.
func (c *Cache) WorkState(key digest.Key) (*WorkState, error) {
	running, err := c.isLocked(key)
	if err != nil {
		return nil, err
	}
	s := &WorkState{Running: running}
	if running {
		s.Owner = c.owner(key)
		if s.Orphan, err = c.orphan(key, s.Owner); err != nil {
			return nil, err
		}
	}
	dir := c.workPath(key)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if running {
			return s, nil
		}
		return nil, nil
	case err != nil:
		return nil, err
	}
	w := c.work(key)
	s.Touched = info.ModTime()
	s.Saved, s.Checkpoint = w.lastCheckpoint()
	if text, err := os.ReadFile(w.failurePath()); err == nil && !running {
		s.Failure = strings.TrimSpace(string(text))
	}
	if info, err := os.Stat(w.Log); err == nil && info.Size() > 0 {
		s.Log = w.Log
	}
	for _, path := range []string{w.Out, w.Checkpoint, w.Log} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(s.Touched) {
			s.Touched = info.ModTime()
		}
	}
	return s, nil
}

// isLocked says whether somebody holds the lock of a key. It asks for a shared
// lock for a moment, since an exclusive one needs a folder that can be written.
func (c *Cache) isLocked(key digest.Key) (bool, error) {
	f, err := os.Open(c.lockPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer f.Close()
	ok, err := lockShared(f)
	return !ok, err
}

func (w *Work) failurePath() string { return filepath.Join(w.dir(), "failed") }
