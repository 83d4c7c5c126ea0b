package disk

import (
	"errors"
	"fmt"
	"foil/internal/digest"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// A publisher gives files the names of objects. What it has named may be relied on
// when settle has returned nil.
type publisher struct {
	cache *Cache
	syncs *syncs
	named map[digest.Digest]bool // since the last settle
}

func newPublisher(c *Cache) *publisher {
	return &publisher{cache: c, syncs: newSyncs(), named: map[digest.Digest]bool{}}
}

// folder publishes every file in a folder.
func (p *publisher) folder(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case !d.Type().IsRegular():
			return fmt.Errorf("output %q is not a regular file (%s)", name, d.Type())
		case !utf8.ValidString(name):
			return fmt.Errorf("output %q has a name that is not UTF-8", name)
		}
		f, err := p.file(path, name)
		files = append(files, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no output was written")
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// file publishes one file: it is hashed, made read-only and named.
func (p *publisher) file(path, name string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs only what can be written
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o600) == nil {
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		return File{}, err
	}
	file := File{Name: name}
	if file.Digest, file.Size, err = digest.OfReader(f); err != nil || p.named[file.Digest] || p.known(file) {
		f.Close()
		return file, err
	}
	return file, p.name(f, file)
}

// known says whether this process has read the same object, or has made it and
// knows it to be on disk.
func (p *publisher) known(f File) bool {
	p.cache.mu.Lock()
	seen := p.cache.checks[f.Digest] != nil
	p.cache.mu.Unlock()
	if !seen {
		return false
	}
	_, err := p.cache.Object(f)
	return err == nil
}

// name gives an open file, whose content is f's, the name of the object, and closes it.
func (p *publisher) name(file *os.File, f File) error {
	if err := file.Chmod(0o444); err != nil {
		file.Close()
		return err
	}
	p.named[f.Digest] = true
	err := p.place(file, p.cache.objectPath(f.Digest))
	if err != nil {
		// Windows does not replace a file that is in use.
		if _, damaged := p.cache.Object(f); damaged == nil {
			return nil
		}
	}
	return err
}

// place gives an open file another name, and closes it. A new name it gets at once:
// nothing relies on it before it is settled. What has the name already may be damaged,
// but somebody may rely on it: only what is on disk takes its place.
func (p *publisher) place(file *os.File, target string) error {
	path := file.Name()
	if err := p.into(target, func() error { return moveNew(path, target) }); err == nil {
		p.syncs.file(file)
		return nil
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if info, err := os.Lstat(target); err == nil && info.IsDir() { // no file takes its place
		os.Rename(target, filepath.Join(p.cache.dir, damagedDir, filepath.Base(target)))
	}
	return p.into(target, func() error { return os.Rename(path, target) })
}

// into makes the name of a file in a folder, and the folder when it is needed first.
func (p *publisher) into(target string, name func() error) error {
	dir := filepath.Dir(target)
	err := name()
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		p.syncs.path(filepath.Dir(dir))
		err = name()
	}
	if err == nil {
		p.syncs.path(dir)
	}
	return err
}

// rely is for an object that somebody else has named, who may not have settled it.
func (p *publisher) rely(path string) {
	p.syncs.path(path)
	p.syncs.path(filepath.Dir(path))
}

// settle waits until all that was named is on disk.
func (p *publisher) settle() error {
	if err := p.syncs.wait(); err != nil {
		return err
	}
	for d := range p.named {
		p.cache.trust(d)
	}
	clear(p.named)
	return nil
}
