package cache

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An Owner is the process that does a piece of work.
type Owner struct {
	Host  string    `json:"host,omitempty"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// A WorkState says how far a piece of work is that is not published.
type WorkState struct {
	Running    bool   // somebody holds its lock
	Owner      *Owner // who holds it, or held it last; nil when not known
	Failure    string // why it could not be done; empty when it was interrupted
	Checkpoint bool   // the next run goes on from what this one left
	Log        string // path of the log; empty when nothing was said
	Touched    time.Time
}

// WorkState looks at a work folder. It is nil when there is none and nobody
// holds the lock of the key.
func (c *Cache) WorkState(key Key) (*WorkState, error) {
	running, err := c.isLocked(key)
	if err != nil {
		return nil, err
	}
	dir := c.workPath(key)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if running {
			return &WorkState{Running: true}, nil
		}
		return nil, nil
	case err != nil:
		return nil, err
	}
	w := c.work(key)
	s := &WorkState{Running: running, Checkpoint: w.Resumes(), Touched: info.ModTime()}
	if text, err := os.ReadFile(w.ownerPath()); err == nil {
		owner := new(Owner)
		if json.Unmarshal(text, owner) == nil {
			s.Owner = owner
		}
	}
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
func (c *Cache) isLocked(key Key) (bool, error) {
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

func (w *Work) ownerPath() string   { return filepath.Join(w.dir(), "owner.json") }
func (w *Work) failurePath() string { return filepath.Join(w.dir(), "failed") }

// writeOwner says who does the work; nothing but messages depends on it.
func (w *Work) writeOwner() error {
	host, _ := os.Hostname()
	text, err := json.Marshal(Owner{Host: host, PID: os.Getpid(), Since: time.Now().UTC()})
	if err != nil {
		return err
	}
	return os.WriteFile(w.ownerPath(), append(text, '\n'), 0o666)
}
