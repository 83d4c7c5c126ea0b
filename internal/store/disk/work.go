package disk

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// The content of a work folder. The folder belongs to the holder of the lease of its key:
//
//	work/KEY/attempt-N        the output of an attempt; N is random
//	work/KEY/attempt-N.json   its record, until it is published
//	work/KEY/checkpoint       kept from attempt to attempt
//	work/KEY/log              goes on from attempt to attempt
//	work/KEY/failed           why the last attempt failed
//
// Everything of an attempt has a name that starts with attempt-N. An attempt never uses such a name
// of an earlier attempt, because a process of that attempt may still write to it.
const (
	attemptPrefix    = "attempt-"
	unfinishedSuffix = ".json"
	checkpointDir    = "checkpoint"
	logFile          = "log"
	failedFile       = "failed"
)

// Begin makes the folder of a new attempt, and removes the folders of earlier attempts as far as
// possible.
func (l *lease) Begin() (*store.Workspace, error) {
	dir := l.cache.workPath(l.key)
	err := os.Mkdir(dir, 0o777)
	switch {
	case err == nil: // there is nothing to clear
	case errors.Is(err, fs.ErrExist):
		l.clear(dir)
	default:
		return nil, err
	}
	// Most work needs no checkpoint folder, and making a folder is slower than making a file.
	w := &store.Workspace{
		Out:        newAttempt(dir),
		Checkpoint: filepath.Join(dir, checkpointDir),
		Log:        filepath.Join(dir, logFile),
		Resumes:    hasEntries(filepath.Join(dir, checkpointDir)),
	}
	if err := os.Mkdir(w.Out, 0o777); err != nil {
		return nil, err
	}
	l.begun = true
	return w, l.hold.sign(thisOwner())
}

// clear removes the files of earlier attempts, except checkpoints and the log.
func (l *lease) clear(dir string) {
	os.Remove(filepath.Join(dir, failedFile))
	_ = eachEntry(dir, func(path, name string) error {
		if strings.HasPrefix(name, attemptPrefix) {
			_ = removeReadOnly(path)
		}
		return nil
	})
	if !l.begun {
		renewLog(filepath.Join(dir, logFile))
	}
}

// renewLog replaces a log by a copy. A process of an earlier owner may have the log open, and must
// not write to a published file. If the copy fails, the log stays.
func renewLog(path string) {
	old, err := os.Open(path)
	if err != nil {
		return
	}
	defer old.Close()
	copied, err := os.Create(path + ".new")
	if err != nil {
		return
	}
	_, err = io.Copy(copied, old)
	if errors.Join(err, copied.Close()) != nil || os.Rename(copied.Name(), path) != nil {
		os.Remove(copied.Name())
	}
}

// newAttempt returns a new random name in a work folder.
func newAttempt(dir string) string {
	return filepath.Join(dir, attemptPrefix+strconv.FormatUint(rand.Uint64(), 36))
}

// Fail records in the work folder why the key could not be made.
func (l *lease) Fail(reason error) error {
	if err := l.hold.check(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.cache.workPath(l.key), failedFile), []byte(reason.Error()+"\n"), 0o666)
}

func hasEntries(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

// A WorkState is the state of a piece of work that is not published.
type WorkState struct {
	Running    bool          // its lease is held
	Owner      *store.Owner  // the owner of the lease; nil: not known
	Orphan     *store.Orphan // set if the lease has outlived its owner
	Failure    string        // why it failed; empty if it was interrupted
	Checkpoint bool          // the next run resumes from a checkpoint
	Saved      time.Time     // time of the checkpoint
	Log        string        // path of the log; empty without a log
	Touched    time.Time
}

// WorkState reads a work folder. It returns nil if there is no work folder and the lease of the key
// is free.
func (c *Cache) WorkState(key digest.Key) (*WorkState, error) {
	holder, err := c.leases.holder(key)
	if err != nil {
		return nil, err
	}
	s := &WorkState{Running: holder != nil}
	if holder != nil {
		s.Owner, s.Orphan = holder.Owner, holder.Orphan
	}
	dir := c.workPath(key)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if s.Running {
			return s, nil
		}
		return nil, nil
	case err != nil:
		return nil, err
	}
	s.Touched = info.ModTime()
	s.Saved, s.Checkpoint = lastCheckpoint(filepath.Join(dir, checkpointDir))
	if text, err := os.ReadFile(filepath.Join(dir, failedFile)); err == nil && !s.Running {
		s.Failure = strings.TrimSpace(string(text))
	}
	if info, err := os.Stat(filepath.Join(dir, logFile)); err == nil && info.Size() > 0 {
		s.Log = filepath.Join(dir, logFile)
	}
	return s, eachEntry(dir, func(path, _ string) error {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(s.Touched) {
			s.Touched = info.ModTime()
		}
		return nil
	})
}

// lastCheckpoint returns the time of the newest checkpoint, if there is one.
func lastCheckpoint(dir string) (when time.Time, ok bool) {
	err := eachEntry(dir, func(path, _ string) error {
		info, err := os.Stat(path)
		if err == nil && info.ModTime().After(when) {
			when = info.ModTime()
		}
		return ignoreMissing(err)
	})
	return when, err == nil && !when.IsZero()
}

// Begun returns the keys with a work folder or a lease. It reads three folders, independent of the
// number of keys.
func (c *Cache) Begun() (map[digest.Key]bool, error) {
	begun := map[digest.Key]bool{}
	var errs []error
	for _, dir := range []string{workDir, locksDir, leasesDir} {
		errs = append(errs, eachEntry(filepath.Join(c.dir, dir), func(_, name string) error {
			var key digest.Key
			if key.UnmarshalText([]byte(name)) == nil {
				begun[key] = true
			}
			return nil
		}))
	}
	return begun, errors.Join(errs...)
}
