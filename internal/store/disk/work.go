package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
//	work/KEY/failed           why the last attempt failed: a store.Failure
//	work/KEY/begun            what the last attempt of a worker with a group found
//
// Everything of an attempt has a name that starts with attempt-N. An attempt never uses such a name
// of an earlier attempt, because a process of that attempt may still write to it.
const (
	attemptPrefix    = "attempt-"
	unfinishedSuffix = ".json"
	checkpointDir    = "checkpoint"
	logFile          = "log"
	failedFile       = "failed"
	begunFile        = "begun"
)

// Begin makes the folder of a new attempt, and removes the folders of earlier attempts as far as
// possible.
func (l *lease) Begin() (*store.Workspace, error) {
	dir, err := l.folder()
	if err != nil {
		return nil, err
	}
	// Most work needs no checkpoint folder, and making a folder is slower than making a file.
	w := &store.Workspace{
		Out:        newAttempt(dir),
		Checkpoint: filepath.Join(dir, checkpointDir),
		Log:        filepath.Join(dir, logFile),
		Resumes:    hasCheckpoint(filepath.Join(dir, checkpointDir)),
	}
	err = l.cache.access.Mkdir(w.Out)
	if errors.Is(err, fs.ErrPermission) && l.cache.replaceWork(dir) { // of a user who keeps it closed
		w.Resumes = false
		err = l.cache.access.Mkdir(w.Out)
	}
	if err != nil {
		return nil, err
	}
	if w.Stalled, err = l.countStalled(dir); err != nil {
		return nil, err
	}
	l.begun = true
	return w, l.hold.sign(l.cache.thisOwner())
}

// folder makes the work folder, or clears it.
func (l *lease) folder() (string, error) {
	c, dir := l.cache, l.cache.workPath(l.key)
	err := c.access.Mkdir(dir)
	switch {
	case err == nil: // there is nothing to clear
		return dir, nil
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			l.clear(dir)
			return dir, nil
		}
	case !errors.Is(err, fs.ErrNotExist): // work/ itself may be missing
		return dir, err
	}
	return dir, c.makeFolder(dir)
}

// replaceWork renames a work folder in which this user cannot write, and makes a new one.
func (c *Cache) replaceWork(dir string) bool {
	aside := filepath.Join(filepath.Dir(dir), "closed-"+strconv.FormatUint(rand.Uint64(), 36))
	if os.Rename(dir, aside) != nil || c.access.Mkdir(dir) != nil {
		return false
	}
	c.tell(dir, "could not be written", "renamed to "+c.rel(aside), false)
	return true
}

// clear removes the files of earlier attempts, except checkpoints and the log.
func (l *lease) clear(dir string) {
	c := l.cache
	_ = c.remove(filepath.Join(dir, failedFile))
	entries, _ := os.ReadDir(dir) // where this fails, so does the next attempt
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), attemptPrefix) {
			_ = c.remove(filepath.Join(dir, e.Name()))
		}
	}
	c.clearCheckpoint(filepath.Join(dir, checkpointDir))
	if !l.begun {
		c.renewLog(filepath.Join(dir, logFile))
	}
}

// clearCheckpoint removes what a kind must not read or write as a checkpoint: named pipes, links
// that lead out of the folder, and files that this user cannot read.
func (c *Cache) clearCheckpoint(dir string) {
	info, err := os.Lstat(dir)
	if err != nil {
		return
	}
	drop := func(path, problem string) {
		then := "removed"
		if err := c.remove(path); err != nil {
			then = fmt.Sprintf("it cannot be removed (%v)", cause(err))
		}
		c.tell(path, problem, then, false)
	}
	if !info.IsDir() {
		drop(dir, "is "+kindOf(info.Mode()))
		return
	}
	root, err := os.OpenRoot(dir)
	if err != nil { // a new name lets this attempt make a folder of its own
		to := newAttempt(filepath.Dir(dir))
		if os.Rename(dir, to) == nil {
			c.tell(dir, unreadable(err), "renamed to "+c.rel(to), false)
		}
		return
	}
	defer root.Close()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		switch {
		case err != nil:
			drop(path, unreadable(err))
		case d.IsDir():
		case d.Type()&fs.ModeSymlink != 0:
			if to, err := root.Stat(name); err != nil || !to.IsDir() && !to.Mode().IsRegular() {
				drop(path, "is a link that leads out of the folder")
			}
		case !d.Type().IsRegular():
			drop(path, "is "+kindOf(d.Type()))
		default:
			f, _, err := openRegular(path, os.O_RDONLY)
			if err != nil {
				drop(path, unreadable(err))
				return nil
			}
			f.Close()
		}
		return nil
	})
}

// renewLog replaces a log by a copy. A process of an earlier owner may have the log open, and must
// not write to a published file. A log that this user cannot read ends here.
func (c *Cache) renewLog(path string) {
	old, _, err := openRegular(path, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case c.putOddAside(path, err):
		return
	case err != nil:
		_ = c.remove(path)
		return
	}
	defer old.Close()
	renewed := path + ".new"
	_ = c.remove(renewed)
	copied, err := c.access.Create(renewed)
	if err != nil {
		return
	}
	_, err = io.Copy(copied, old)
	if errors.Join(err, copied.Close()) != nil || os.Rename(renewed, path) != nil {
		_ = c.remove(renewed)
	}
}

// newAttempt returns a new random name in a work folder.
func newAttempt(dir string) string {
	return filepath.Join(dir, attemptPrefix+strconv.FormatUint(rand.Uint64(), 36))
}

// share gives the files of an attempt that was not published the access of the cache, so that other
// users can go on with the work or remove it. Most of them were made by the kind.
func (l *lease) share() {
	dir := l.cache.workPath(l.key)
	if !l.begun || !lexists(dir) || l.hold.check() != nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			l.cache.access.Share(path)
		}
		return nil
	})
}

// Scratch makes a folder for temporary files. Cleanup removes it if the process is killed.
func (c *Cache) Scratch(prefix string) (dir string, err error) {
	if err := c.Writable(); err != nil {
		return "", err
	}
	dir = filepath.Join(c.dir, workDir, prefix+strconv.FormatUint(rand.Uint64(), 36))
	return dir, c.makeFolder(dir)
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
	info, err := os.Lstat(dir)
	switch {
	case err == nil && !info.IsDir():
		c.putAside(dir, "is "+kindOf(info.Mode()))
		fallthrough
	case errors.Is(err, fs.ErrNotExist):
		if s.Running {
			return s, nil
		}
		return nil, nil
	case err != nil:
		return nil, err
	}
	s.Touched = info.ModTime()
	s.Saved, s.Checkpoint = c.lastCheckpoint(filepath.Join(dir, checkpointDir))
	s.Log = logIn(dir)
	if f, err := c.Failure(key); err == nil && f != nil && !s.Running {
		s.Failure = f.Reason
	}
	return s, c.eachEntry(dir, func(path, _ string) error {
		if info, err := os.Lstat(path); err == nil && info.ModTime().After(s.Touched) {
			s.Touched = info.ModTime()
		}
		return nil
	})
}

// lastCheckpoint returns the time of the newest checkpoint, if there is one. An empty folder is none:
// some kinds make one before they know whether anything will be in it.
func (c *Cache) lastCheckpoint(dir string) (when time.Time, ok bool) {
	newest := func(path string) error {
		info, err := os.Lstat(path)
		if err == nil && info.ModTime().After(when) {
			when = info.ModTime()
		}
		return ignoreMissing(err)
	}
	err := c.eachEntry(dir, func(path, _ string) error {
		if info, err := os.Lstat(path); err != nil || !info.IsDir() {
			return newest(path)
		}
		if !hasEntries(path) {
			return nil
		}
		if err := newest(path); err != nil {
			return err
		}
		return c.eachEntry(path, func(path, _ string) error { return newest(path) })
	})
	return when, err == nil && !when.IsZero()
}

// hasCheckpoint reports whether a folder has entries that are not empty folders.
func hasCheckpoint(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !e.IsDir() || hasEntries(filepath.Join(dir, e.Name()))
	})
}

// Begun returns the keys with a work folder or a lease. It reads three folders, independent of the
// number of keys.
func (c *Cache) Begun() (map[digest.Key]bool, error) {
	begun := map[digest.Key]bool{}
	var errs []error
	for _, dir := range []string{workDir, locksDir, leasesDir} {
		errs = append(errs, c.eachEntry(filepath.Join(c.dir, dir), func(_, name string) error {
			var key digest.Key
			if key.UnmarshalText([]byte(name)) == nil {
				begun[key] = true
			}
			return nil
		}))
	}
	return begun, errors.Join(errs...)
}
