package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// An entry of a cache is odd if it is not what its name promises: a folder or a link in the place of
// a record, for example, or a file in the place of a folder. One odd entry must not end a command:
// it is moved to damaged/, or skipped where that is not possible, and OnNote tells it once.
//
// Links are never followed, except if the cache's folder itself is a link. Otherwise another user
// of the cache could let foil read, write and remove files outside of it.

// OnNote receives a line about each odd entry that a Cache finds. The program sets it before it
// opens a cache. Nil: no calls.
var OnNote func(text string)

// tell reports a problem of an entry once: to Verify while it runs, and otherwise to OnNote. then is
// what was done about it.
func (c *Cache) tell(path, problem, then string, aside bool) {
	name := c.rel(path)
	if strings.HasPrefix(name, actionsDir) {
		c.doubt.Store(true)
	}
	if _, told := c.told.LoadOrStore(path, true); told {
		return
	}
	if v := c.verifying.Load(); v != nil {
		v.add(Problem{name, problem, aside})
	} else if OnNote != nil {
		OnNote(fmt.Sprintf("cache folder %s: %s %s; %s", c.dir, name, problem, then))
	}
}

// skip tells that an entry is ignored.
func (c *Cache) skip(path, problem string) { c.tell(path, problem, "it is skipped", false) }

// skipUnreadable tells that an entry cannot be read, and returns nil. It returns other errors, which
// do not belong to one entry.
func (c *Cache) skipUnreadable(path string, err error) error {
	if isUnreadable(err) {
		c.skip(path, unreadable(err))
		return nil
	}
	return err
}

// rel is a path within the cache, for people.
func (c *Cache) rel(path string) string {
	if rel, err := filepath.Rel(c.dir, path); err == nil {
		path = filepath.ToSlash(rel)
	}
	if digest.CheckText(path) != nil {
		path = strconv.Quote(path)
	}
	return path
}

// An oddError is the error for an odd entry.
type oddError struct {
	path string
	mode fs.FileMode
}

func (e *oddError) Error() string { return e.path + " " + e.problem() }

func (e *oddError) problem() string { return "is " + kindOf(e.mode) }

func isOdd(err error) bool { return errors.As(err, new(*oddError)) }

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a file, not a folder"
	case mode.IsDir():
		return "a folder, not a file"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// isUnreadable reports whether an error belongs to one entry and stays, unlike, for example, too
// many open files.
func isUnreadable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EIO)
}

func lexists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// unreadable is the reason of an entry that cannot be read.
func unreadable(err error) string { return fmt.Sprintf("cannot be read (%v)", cause(err)) }

// cause is an error without the path.
func cause(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}

// openRegular opens an existing file of a cache. It follows no link and waits for no named pipe.
func openRegular(path string, flag int) (*os.File, fs.FileInfo, error) {
	if dontFollow == 0 {
		if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
			return nil, nil, &oddError{path, info.Mode()}
		}
	}
	f, err := os.OpenFile(path, flag|dontFollow, 0)
	if err != nil {
		if info, e := os.Lstat(path); e == nil && !info.Mode().IsRegular() {
			err = &oddError{path, info.Mode()}
		}
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &oddError{path, info.Mode()}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// readSmall reads a record, a lease or another small file of a cache.
func readSmall(path string) ([]byte, fs.FileInfo, error) {
	f, info, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, nil, staleIsMissing(err)
	}
	defer f.Close()
	text, err := readAll(f, info)
	if err != nil {
		return nil, nil, staleIsMissing(err)
	}
	return text, info, nil
}

// staleIsMissing returns fs.ErrNotExist if a file or a folder was removed on another machine while
// this one used it, on a network file system.
func staleIsMissing(err error) error {
	if errors.Is(err, syscall.ESTALE) {
		return fmt.Errorf("%w (%w)", fs.ErrNotExist, err)
	}
	return err
}

func readAll(f io.Reader, info fs.FileInfo) ([]byte, error) {
	// One more byte than the largest record shows that a file is too large to be one.
	text := make([]byte, 0, min(info.Size(), store.MaxRecord)+1)
	for {
		n, err := f.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case errors.Is(err, io.EOF) || len(text) > store.MaxRecord:
			return text, nil
		case err != nil:
			return nil, err
		case len(text) == cap(text):
			text = append(text, 0)[:len(text)]
		}
	}
}

// isFolder reports whether a folder of the cache is there. An odd entry in its place is set aside.
func (c *Cache) isFolder(dir string) bool {
	if _, known := c.folders.Load(dir); known {
		return true
	}
	if dir != c.dir && !c.isFolder(filepath.Dir(dir)) {
		return false
	}
	stat := os.Lstat
	if dir == c.dir { // which may be a link
		stat = os.Stat
	}
	info, err := stat(dir)
	switch {
	case err != nil:
		return false
	case !info.IsDir():
		c.putAside(dir, "is "+kindOf(info.Mode()))
		return false
	}
	const read = 0o500
	if info.Mode()&read != read && c.readOnly == nil && c.access.Share(dir) {
		c.tell(dir, "could not be read", "it has the permissions of the cache's folder now", false)
	}
	c.folders.Store(dir, true)
	return true
}

// makeFolder makes a folder of the cache if it is missing.
func (c *Cache) makeFolder(dir string) error {
	c.folders.Delete(dir) // it may have been removed
	if c.isFolder(dir) {
		return nil
	}
	err := c.access.Mkdir(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != c.dir {
		if err := c.makeFolder(filepath.Dir(dir)); err != nil {
			return err
		}
		err = c.access.Mkdir(dir)
	}
	if errors.Is(err, fs.ErrExist) && c.isFolder(dir) {
		return nil // another process has made it
	}
	return err
}

// putAside moves an odd entry to damaged/ and tells the reason. It reports whether the entry is
// gone.
func (c *Cache) putAside(path, reason string) bool {
	if v := c.verifying.Load(); c.Writable() != nil || v != nil && !v.Repair {
		c.skip(path, reason)
		return false
	}
	if damaged := filepath.Join(c.dir, damagedDir); path != damaged {
		_ = c.makeFolder(damaged)
	}
	defer c.moveAlone()()
	// Another process may have moved it and made the right entry.
	if info, err := os.Lstat(path); err != nil || !c.isMisplaced(path, info) {
		return err != nil
	}
	to, err := c.rename(path)
	if err != nil {
		c.tell(path, reason, fmt.Sprintf("it cannot be moved (%v), and is skipped", cause(err)), false)
		return false
	}
	c.tell(path, reason, "moved to "+to, true)
	return true
}

// putOddAside is putAside for an entry that a function of this file has refused.
func (c *Cache) putOddAside(path string, err error) bool {
	var odd *oddError
	return errors.As(err, &odd) && c.putAside(path, odd.problem())
}

// isMisplaced reports whether an entry is still odd: only a folder may be in the place of a folder,
// and only a regular file in that of a file.
func (c *Cache) isMisplaced(path string, info fs.FileInfo) bool {
	return info.IsDir() != c.isFolderName(path) || !info.IsDir() && !info.Mode().IsRegular()
}

// isFolderName reports whether the cache has a folder with this name, not a file.
func (c *Cache) isFolderName(path string) bool {
	parent := filepath.Dir(path)
	switch {
	case parent == c.dir:
		return filepath.Base(path) != inUseFile && filepath.Base(path) != wayFile
	case filepath.Dir(parent) == c.dir:
		return filepath.Base(parent) != locksDir
	}
	return filepath.Base(path) == checkpointDir
}

// moveToDamaged moves a damaged file to damaged/.
func (c *Cache) moveToDamaged(path string) error {
	if err := c.makeFolder(filepath.Join(c.dir, damagedDir)); err != nil {
		return err
	}
	_, err := c.rename(path)
	return err
}

// rename gives an entry a new name in damaged/, and returns the name.
func (c *Cache) rename(path string) (to string, err error) {
	from, err := filepath.Rel(c.dir, path)
	if err != nil {
		return "", err
	}
	unique := func(name string) string { return name + "-" + strconv.FormatUint(rand.Uint64(), 36) }
	if from == damagedDir { // which is odd itself
		from = unique(damagedDir)
		if err := errors.Join(c.root.Rename(damagedDir, from), c.access.Mkdir(path)); err != nil {
			return "", err
		}
	}
	to = filepath.Join(damagedDir, filepath.Base(from))
	if _, err := c.root.Lstat(to); err == nil {
		to = unique(to)
	}
	if err := c.root.Rename(from, to); err != nil {
		return "", err
	}
	c.moved.Store(filepath.Join(c.dir, to), true)
	return filepath.ToSlash(to), nil
}

// moveAlone lets one process at a time move entries, so that none moves what another one has just
// made in the place of an odd entry. Where a folder cannot be locked, the risk remains.
func (c *Cache) moveAlone() (done func()) {
	c.moving.Lock()
	dir, err := os.Open(c.dir)
	if err != nil {
		return c.moving.Unlock
	}
	const patience = 2 * time.Second
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok, err := c.system.exclusive(dir); ok || err != nil {
			break
		}
	}
	return func() {
		dir.Close()
		c.moving.Unlock()
	}
}

// remove removes an entry of the cache with everything in it. Links are removed, not followed, even
// if somebody replaces a folder by a link at the same time.
func (c *Cache) remove(path string) error {
	rel, err := filepath.Rel(c.dir, path)
	if err != nil || c.root == nil {
		return errors.Join(err, c.Writable())
	}
	if err := c.root.RemoveAll(rel); err == nil {
		return nil
	}
	// Programs may leave folders that even their owner cannot write.
	_ = fs.WalkDir(c.root.FS(), filepath.ToSlash(rel), func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = c.root.Chmod(filepath.FromSlash(name), 0o700)
		}
		return nil
	})
	return c.root.RemoveAll(rel)
}
