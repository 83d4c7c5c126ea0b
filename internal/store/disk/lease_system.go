package disk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/digest"
	"foil/internal/filelock"
	"foil/internal/store"
)

// systemLeases are locks of the operating system on locks/KEY. A lock ends when all processes that
// have the file open have ended, for any reason.
type systemLeases struct{ cache *Cache }

// A systemHold is a file that is locked.
type systemHold struct {
	locked *os.File
	path   string
}

func (s systemLeases) take(key digest.Key) (hold, error) {
	path := s.cache.lockPath(key)
	for {
		f, err := s.open(path)
		if err != nil {
			return nil, leaseError(key, err)
		}
		ok, err := s.cache.system.exclusive(f)
		if err != nil || !ok {
			f.Close()
			if err == nil {
				return nil, store.ErrHeld
			}
			return nil, leaseError(key, err)
		}
		// The previous owner may have removed the file. Then the locked file has no name, and
		// another process may lock a new file with this name.
		if isAt(f, path) {
			return systemHold{f, path}, nil
		}
		f.Close()
	}
}

// open opens the file of a lock, and makes it if it is missing.
func (s systemLeases) open(path string) (*os.File, error) {
	f, err := s.cache.openOrMake(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := s.cache.makeFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
	case s.cache.putOddAside(path, err):
	case errors.Is(err, fs.ErrPermission) && s.cache.access.Share(path): // it is of this user
	default:
		return f, err
	}
	return s.cache.openOrMake(path)
}

func isAt(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Lstat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

func (s systemLeases) holder(key digest.Key) (*store.Holder, error) {
	held, err := s.isLocked(key)
	if err != nil || !held {
		return nil, err
	}
	h := &store.Holder{Owner: s.owner(key)}
	if !isGone(h.Owner) {
		return h, nil
	}
	// The owner may have unlocked the file and ended after its lock was seen.
	if held, err = s.isLocked(key); err != nil || !held {
		return nil, err
	}
	if now := s.owner(key); now != nil && *now == *h.Owner {
		h.Orphan = &store.Orphan{Owner: now, Path: s.cache.lockPath(key)}
	}
	return h, nil
}

// isLocked takes a shared lock for a moment, because an exclusive lock requires a writable folder.
func (s systemLeases) isLocked(key digest.Key) (bool, error) {
	path := s.cache.lockPath(key)
	f, _, err := openRegular(path, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case isOdd(err):
		s.cache.putOddAside(path, err)
		return false, nil
	case err != nil:
		return false, s.cache.skipUnreadable(path, err)
	}
	defer f.Close()
	ok, err := s.cache.system.shared(f)
	return !ok, err
}

// owner reads the owner of a lock from its file. It returns nil if the owner is not known.
func (s systemLeases) owner(key digest.Key) *store.Owner {
	owner := new(store.Owner)
	text, _, err := readSmall(s.cache.lockPath(key))
	if err != nil || json.Unmarshal(text, owner) != nil {
		return nil
	}
	return owner
}

// sign writes the owner into the locked file, because another file for each cell would be slow.
// Only messages depend on it.
func (h systemHold) sign(o store.Owner) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := h.locked.WriteAt(text, 0); err != nil {
		return err
	}
	return h.locked.Truncate(int64(len(text))) // an owner that was killed may have left more
}

func (h systemHold) check() error { return nil }

func (h systemHold) lost() <-chan struct{} { return nil }

func (h systemHold) file() *os.File {
	if !filelock.Inheritable {
		return nil
	}
	return h.locked
}

func (h systemHold) giveBack() {
	os.Remove(h.path)
	h.locked.Close()
}
