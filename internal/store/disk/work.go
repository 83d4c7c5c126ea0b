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

// What lies in a work folder, which belongs to whoever holds the lease of its key:
//
//	work/KEY/attempt-N/out   the output of an attempt; N is random
//	work/KEY/checkpoint      kept from attempt to attempt
//	work/KEY/log             goes on from attempt to attempt
//	work/KEY/failed          why the last attempt failed
//
// No attempt uses the folder of an earlier one, from which a process may still write.
const (
	attemptPrefix  = "attempt-"
	outDir         = "out"
	checkpointDir  = "checkpoint"
	logFile        = "log"
	failedFile     = "failed"
	unfinishedFile = "record.json" // in the folder of an attempt
)

// Begin makes the folder of a new attempt, and removes what earlier ones left, as far as
// that is possible.
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
	attempt, err := newAttempt(dir)
	if err != nil {
		return nil, err
	}
	// Most work needs no checkpoint folder, and a folder takes longer to make than a file.
	w := &store.Workspace{
		Out:        filepath.Join(attempt, outDir),
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

// clear removes what earlier attempts left. Only checkpoints and the log stay.
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

// renewLog puts a copy in the place of a log: a process of an earlier owner may have the
// file open, and must not write to what is published. Where that fails, the log stays.
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

// newAttempt makes a folder under a name that no attempt has had.
func newAttempt(dir string) (string, error) {
	path := filepath.Join(dir, attemptPrefix+strconv.FormatUint(rand.Uint64(), 36))
	return path, os.Mkdir(path, 0o777)
}

// Fail notes, in the work folder, why the key could not be made.
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

// A WorkState says how far a piece of work is that is not published.
type WorkState struct {
	Running    bool          // somebody holds its lease
	Owner      *store.Owner  // who took it; nil when not known
	Orphan     *store.Orphan // the lease, where it has outlived its owner; nil: it has not, as far as is known
	Failure    string        // why it could not be done; empty when it was interrupted
	Checkpoint bool          // the next run continues from what this one left
	Saved      time.Time     // when it left that
	Log        string        // path of the log; empty when nothing was logged
	Touched    time.Time
}

// WorkState looks at a work folder. It is nil when there is none and nobody holds the lease
// of the key.
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
		for _, path := range []string{path, filepath.Join(path, outDir)} {
			if info, err := os.Stat(path); err == nil && info.ModTime().After(s.Touched) {
				s.Touched = info.ModTime()
			}
		}
		return nil
	})
}

// lastCheckpoint says when the newest checkpoint was written, if there is any.
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

// Begun returns the keys that WorkState may know something about: those with a work folder
// or a lease. It reads three folders, however many keys are asked for.
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
