// Package access gives new files and folders the permissions and the group of a folder, whatever
// the umask of the process is. The users of a shared folder can then use what any of them made.
package access

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// An Access is who may use a file or folder: permissions and group.
type Access struct {
	mode  fs.FileMode // permissions and setgid, as for a folder
	group int         // -1: not known
	plain bool        // new files and folders get this access from the system
}

// Of returns the access of a folder. New entries of the folder get it, too.
func Of(dir string) (Access, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return Access{}, err
	}
	a := Access{mode: info.Mode() & (fs.ModePerm | fs.ModeSetgid), group: groupOf(info)}
	a.plain = a.comesByItself()
	return a, nil
}

// Above returns the access of the nearest folder above a path that exists.
func Above(path string) (Access, error) {
	for {
		dir := filepath.Dir(path)
		a, err := Of(dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == path {
			return a, err
		}
		path = dir
	}
}

// file is the mode of a file.
func (a Access) file() fs.FileMode { return a.mode & 0o666 }

// Mkdir makes a folder. It is complete when it gets its name, so that no other user sees it without
// permissions. The error is fs.ErrExist if the name is in use.
func (a Access) Mkdir(path string) error {
	if a.plain {
		return os.Mkdir(path, a.mode.Perm())
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: fs.ErrExist}
	}
	tmp := beside(path)
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	_ = a.set(named(tmp), a.mode) // some file systems have no permissions
	err := os.Rename(tmp, path)   // replaces no file, and no folder with entries
	if err != nil {
		os.Remove(tmp)
		if _, e := os.Lstat(path); e == nil {
			err = &fs.PathError{Op: "mkdir", Path: path, Err: fs.ErrExist}
		}
	}
	return err
}

// MkdirAll makes a folder, and its missing parents.
func (a Access) MkdirAll(path string) error {
	err := a.Mkdir(path)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path {
		if err := a.MkdirAll(filepath.Dir(path)); err != nil {
			return err
		}
		err = a.Mkdir(path)
	}
	if errors.Is(err, fs.ErrExist) {
		if info, e := os.Stat(path); e == nil && info.IsDir() {
			return nil
		}
	}
	return err
}

// Create makes a file for reading and writing, which is complete when it gets its name, like that
// of Mkdir. The error is fs.ErrExist if the name is in use. The name of the file that is returned
// may be another one.
func (a Access) Create(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	if a.plain {
		return os.OpenFile(path, flags, a.file())
	}
	tmp := beside(path)
	f, err := os.OpenFile(tmp, flags, 0o600)
	if err != nil {
		return nil, err
	}
	a.give(f)
	err = os.Link(tmp, path)
	os.Remove(tmp)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return a.Temp(path) // the file system has no links
}

// Temp makes a file for reading and writing at once under the given name, which nobody else uses.
// The error is fs.ErrExist if the name is in use.
func (a Access) Temp(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, a.file())
	if err != nil {
		return nil, err
	}
	a.give(f)
	return f, nil
}

// give gives a file that this process has made the access. Errors are ignored: some file systems
// have no permissions.
func (a Access) give(f *os.File) {
	if !a.plain {
		_ = a.set(opened{f}, a.file())
	}
}

// Seal makes a file of this process read-only for everybody who has access.
func (a Access) Seal(f *os.File) error { return a.set(opened{f}, a.mode&0o444) }

// Share gives a file or folder of this process the access, if it has another one, and reports
// whether it did. Links are not followed. An executable file remains one, and a read-only file, too.
func (a Access) Share(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !isMine(info) {
		return false
	}
	mode := a.mode
	switch {
	case info.IsDir():
	case !info.Mode().IsRegular():
		return false
	case info.Mode()&0o100 == 0:
		mode = a.file()
	default:
		mode = a.mode.Perm()
	}
	if !info.IsDir() && info.Mode()&0o200 == 0 {
		mode &= 0o555
	}
	if info.Mode()&(fs.ModePerm|fs.ModeSetgid) == mode && groupOf(info) == a.group {
		return false
	}
	return a.set(named(path), mode) == nil
}

// An entry is an open file or a name.
type entry interface {
	chown(gid int) error
	chmod(fs.FileMode) error
}

type opened struct{ f *os.File }

func (o opened) chown(gid int) error          { return o.f.Chown(-1, gid) }
func (o opened) chmod(mode fs.FileMode) error { return o.f.Chmod(mode) }

type named string

func (n named) chown(gid int) error          { return os.Lchown(string(n), -1, gid) }
func (n named) chmod(mode fs.FileMode) error { return os.Chmod(string(n), mode) }

// set sets group and mode. If the group cannot be set, the file belongs to another group, which
// gets the permissions of everybody.
func (a Access) set(e entry, mode fs.FileMode) error {
	if !a.plain && a.group >= 0 && e.chown(a.group) != nil {
		others := mode & 0o007 << 3
		mode &^= fs.ModeSetgid | 0o070&^others
	}
	return e.chmod(mode)
}

// unfinished begins the names of files and folders that do not have their access yet.
const unfinished = ".new-"

// IsUnfinished reports whether an entry has the name of one that does not have its access yet. If a
// process is killed before that, the entry remains, empty and closed to other users.
func IsUnfinished(path string) bool { return strings.HasPrefix(filepath.Base(path), unfinished) }

// beside is a new name in the same folder.
func beside(path string) string {
	return filepath.Join(filepath.Dir(path), unfinished+strconv.FormatUint(rand.Uint64(), 36))
}
