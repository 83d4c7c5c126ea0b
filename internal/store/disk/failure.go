package disk

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/digest"
	"foil/internal/store"
)

var _ store.Failures = (*Cache)(nil)

// Fail records in the work folder why the key could not be made.
func (l *lease) Fail(reason error) error {
	if err := l.hold.check(); err != nil {
		return err
	}
	dir := l.cache.workPath(l.key)
	_ = l.cache.remove(filepath.Join(dir, begunFile))
	return l.cache.writeNote(filepath.Join(dir, failedFile), store.Failure{
		Reason: reason.Error(), Owner: l.cache.thisOwner(), ID: rand.Text(),
	})
}

// Failure returns why the last attempt to make a key failed, or nil if it did not fail.
func (c *Cache) Failure(key digest.Key) (*store.Failure, error) {
	dir := c.workPath(key)
	text, _, err := readSmall(filepath.Join(dir, failedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist), isOdd(err), isUnreadable(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("failure of %s: %w", key.Short(), err)
	}
	f := &store.Failure{}
	if json.Unmarshal(text, f) != nil { // cut, or written by hand
		f.Reason = string(text)
	}
	f.Reason = strings.TrimSpace(f.Reason)
	f.Log = logIn(dir)
	return f, nil
}

// AllFailures returns why the last attempts of keys failed.
func (c *Cache) AllFailures() (map[digest.Key]*store.Failure, error) {
	all := map[digest.Key]*store.Failure{}
	err := c.eachEntry(filepath.Join(c.dir, workDir), func(_, name string) error {
		var key digest.Key
		if key.UnmarshalText([]byte(name)) != nil {
			return nil
		}
		f, err := c.Failure(key)
		if f != nil {
			all[key] = f
		}
		return err
	})
	return all, err
}

// logIn is the path of the log in a work folder, or "" if nothing was logged.
func logIn(dir string) string {
	path := filepath.Join(dir, logFile)
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return ""
	}
	return path
}

// A begunNote is what an attempt found when it began. It stays until the key is made or fails, so
// that the next attempt can tell whether this one got anywhere.
type begunNote struct {
	Group      string        `json:"group"`
	Checkpoint digest.Digest `json:"checkpoint"` // stands for the files of the checkpoint
	Stalled    int           `json:"stalled"`
}

// countStalled counts the attempts of this process's group before this one that left no result, no
// failure and no new checkpoint, and notes what this attempt finds. All tries of a lease are one
// attempt.
func (l *lease) countStalled(dir string) (int, error) {
	if l.cache.group == "" || l.begun {
		return 0, nil
	}
	path := filepath.Join(dir, begunFile)
	l.earlier = nil
	now := begunNote{Group: l.cache.group, Checkpoint: checkpointState(filepath.Join(dir, checkpointDir))}
	var before begunNote
	if text, _, err := readSmall(path); err == nil && json.Unmarshal(text, &before) == nil &&
		before.Group == now.Group && before.Checkpoint == now.Checkpoint {
		now.Stalled = before.Stalled + 1
		l.earlier = &before
	}
	return now.Stalled, l.cache.writeNote(path, now)
}

// Spare restores the count from before this attempt.
func (l *lease) Spare() error {
	if l.cache.group == "" || !l.begun {
		return nil
	}
	if err := l.hold.check(); err != nil {
		return err
	}
	path := filepath.Join(l.cache.workPath(l.key), begunFile)
	if l.earlier == nil {
		return l.cache.remove(path)
	}
	return l.cache.writeNote(path, l.earlier)
}

// checkpointState stands for the names, sizes and times of the files in a folder.
func checkpointState(dir string) digest.Digest {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			name, _ := filepath.Rel(dir, path)
			fmt.Fprintf(&b, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return digest.Of([]byte(b.String()))
}

// writeNote replaces a small file of a work folder, as a whole, because other runs read it. Only the
// owner of the lease writes there.
func (c *Cache) writeNote(path string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	fresh := path + ".new"
	_ = c.remove(fresh)
	_ = c.remove(path) // an odd entry could not be replaced
	f, err := c.access.Create(fresh)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
