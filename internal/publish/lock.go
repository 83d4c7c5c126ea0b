package publish

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"time"

	"foil/internal/filelock"
)

// WorkPrefix begins the name of the folder in which a publication is prepared. It is beside the
// folder that is published, and exists only meanwhile.
const WorkPrefix = ".foil-"

const lockName = "lock"

// A workFolder is where a publication is prepared. As long as it is locked, no other publication of
// the same folder is under way.
type workFolder struct {
	tree   tree
	name   string
	lock   *os.File
	locked bool // false where the file system has no locks
}

// lockWork makes the work folder and waits until no other publication uses it.
func (t tree) lockWork(ctx context.Context, folder string) (*workFolder, error) {
	w := &workFolder{tree: t, name: WorkPrefix + folder}
	for first := true; ; first = false {
		if !first {
			// Another publication holds the lock, or removes its work folder just now.
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
		switch done, err := w.try(); {
		case err != nil:
			return nil, err
		case done:
			return w, nil
		}
	}
}

// try reports whether the work folder can be used now.
func (w *workFolder) try() (done bool, err error) {
	if err := w.tree.mkdir(w.name); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	if info, err := w.tree.root.Lstat(w.name); err == nil && !info.IsDir() {
		return false, &fs.PathError{Op: "open", Path: w.name, Err: errors.New("is not a folder; remove it")}
	}
	file := path.Join(w.name, lockName)
	f, err := w.tree.root.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // the folder has just been removed
	}
	if err != nil {
		return false, err
	}
	tryLock := filelock.Exclusive
	if w.tree.hooks.tryLock != nil {
		tryLock = w.tree.hooks.tryLock
	}
	locked, noLocks := tryLock(f)
	if noLocks == nil && (!locked || !w.tree.isAt(f, file)) {
		return false, f.Close()
	}
	w.lock, w.locked = f, locked
	return true, nil
}

// isAt reports whether a name still stands for an open file. The previous holder of the lock
// removes the file.
func (t tree) isAt(f *os.File, name string) bool {
	a, err1 := f.Stat()
	b, err2 := t.root.Lstat(name)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// clean removes what an interrupted publication left. Without a lock it may belong to another one
// that is under way.
func (w *workFolder) clean() error {
	if !w.locked {
		return nil
	}
	dir, err := w.tree.root.Open(w.name)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return err
	}
	for _, name := range names {
		if name != lockName {
			if err := w.tree.removeAll(path.Join(w.name, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// close removes the work folder and gives up the lock. What cannot be removed is removed by the
// next publication.
func (w *workFolder) close() {
	if w.locked {
		_ = w.tree.removeAll(w.name)
	} else {
		_ = w.tree.remove(path.Join(w.name, lockName))
		_ = w.tree.remove(w.name) // fails while another publication uses it
	}
	w.lock.Close()
}

// tidy removes the work folder that a publication left when it was interrupted after its last file.
// The report is complete, so it does not matter if that fails.
func (t tree) tidy(folder string) {
	w := &workFolder{tree: t, name: WorkPrefix + folder}
	if !t.isFolder(w.name) {
		return
	}
	if done, err := w.try(); done && err == nil {
		w.close()
	}
}
