package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/identity"
)

// A tree is the results folder. Names are paths below it, with forward slashes. No operation
// reaches anything outside.
type tree struct {
	root  *os.Root
	hooks hooks

	// seen is the content of files that were read, by name. A large file is not read again to
	// compare it, as long as it is unchanged.
	seen map[string]seenFile
}

type seenFile struct {
	identity.Sight
	digest digest.Digest
	size   int64
}

func newTree(root *os.Root, h hooks) tree { return tree{root, h, map[string]seenFile{}} }

// hooks are for tests.
type hooks struct {
	step    func(op, name string) error         // called before each change: stops a publication
	read    func(name string)                   // called before a published file is read
	tryLock func(*os.File) (ok bool, err error) // instead of filelock.Exclusive
}

func (t tree) change(op, name string, f func() error) error {
	if t.hooks.step != nil {
		if err := t.hooks.step(op, name); err != nil {
			return &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return f()
}

func (t tree) mkdir(name string) error {
	return t.change("mkdir", name, func() error { return t.root.Mkdir(name, 0o777) })
}

func (t tree) rename(from, to string) error {
	return t.change("rename", to, func() error { return t.root.Rename(from, to) })
}

func (t tree) remove(name string) error {
	return t.change("remove", name, func() error { return t.root.Remove(name) })
}

func (t tree) removeAll(name string) error {
	return t.change("remove", name, func() error { return t.root.RemoveAll(name) })
}

// create writes a new file. It returns what it wrote.
func (t tree) create(ctx context.Context, name string, content io.Reader) (wrote digest.File, err error) {
	var f *os.File
	err = t.change("create", name, func() (err error) {
		f, err = t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	if err != nil {
		return digest.File{}, err
	}
	err = t.change("write", name, func() (err error) {
		wrote.Digest, wrote.Size, err = digest.OfReader(io.TeeReader(ctxio.Reader(ctx, content), f))
		if err == nil { // an interrupted publication does not wait for the disk
			err = f.Sync()
		}
		return err
	})
	return wrote, errors.Join(err, f.Close())
}

// isFolder reports whether name and all folders above it are folders, and not links to folders.
func (t tree) isFolder(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if info, err := t.root.Lstat(name); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// exists reports whether there is anything with a name, also a link to nothing. What is behind a
// link does not exist.
func (t tree) exists(name string) (bool, error) {
	if !t.isFolder(path.Dir(name)) {
		return false, nil
	}
	_, err := t.root.Lstat(name)
	if isMissing(err) {
		return false, nil
	}
	return err == nil, err
}

// holds reports whether a file has one of some contents. It is false for anything that is not a
// regular file.
func (t tree) holds(ctx context.Context, name string, contents []digest.File) (bool, error) {
	if !t.isFolder(path.Dir(name)) {
		return false, nil
	}
	info, err := t.root.Lstat(name)
	if isMissing(err) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	right := func(size int64, d digest.Digest) bool {
		for _, c := range contents {
			if c.Size == size && (d.IsZero() || c.Digest == d) {
				return true
			}
		}
		return false
	}
	if !right(info.Size(), digest.Digest{}) {
		return false, nil
	}
	f, err := t.root.Open(name)
	if isMissing(err) {
		return false, nil // another publication removes it just now
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	now, err := identity.See(f)
	if err != nil {
		return false, err
	}
	if s, ok := t.seen[name]; ok && s.Settled && s.Identity == now.Identity {
		return right(s.size, s.digest), nil
	}
	if t.hooks.read != nil {
		t.hooks.read(name)
	}
	s := seenFile{}
	s.Sight, err = identity.SeeDuring(f, func() (err error) {
		s.digest, s.size, err = digest.OfReader(ctxio.Reader(ctx, f))
		return err
	})
	if errors.Is(err, identity.ErrChanging) {
		return false, nil // somebody writes to it
	}
	if err != nil {
		return false, err
	}
	t.seen[name] = s
	return right(s.size, s.digest), nil
}

// isMissing reports whether an error means that a path does not exist, also because a part of it is
// no folder.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// isEmpty reports whether a folder is empty.
func (t tree) isEmpty(dir string) (bool, error) {
	entries, err := fs.ReadDir(t.root.FS(), dir)
	return len(entries) == 0, err
}

// keptName is the n-th name, from 1, for a file or folder that has to make room: "table.kept.md",
// then "table.kept-2.md".
func keptName(name string, n int, folder bool) string {
	const longest = 255
	dir, base := path.Split(name)
	ext := path.Ext(base)
	if folder || ext == base || len(ext) > longest/2 {
		ext = ""
	}
	mark := ".kept"
	if n > 1 {
		mark = fmt.Sprintf(".kept-%d", n)
	}
	return dir + cut(strings.TrimSuffix(base, ext), longest-len(mark)-len(ext)) + mark + ext
}
