package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Publish turns the files in Out into objects, and the log as well, and then
// writes the record. When it returns nil, all of that lies safely on disk and
// the work folder is gone; until then Lookup finds nothing, or all of it. It
// fills Format, Key, Outputs and Log of the record; KeyText has to be given.
func (w *Work) Publish(r *Record) error {
	if KeyOf(r.KeyText) != w.key {
		return fmt.Errorf("the text of a record for %s is that of another key", w.key.Short())
	}
	r.Format, r.Key = recordFormat, w.key
	p := publisher{cache: w.cache}
	var err error
	if r.Outputs, err = p.folder(w.Out); err != nil {
		return err
	}
	if info, err := os.Stat(w.Log); err == nil && info.Size() > 0 {
		log, err := p.file(w.Log, "log")
		if err != nil {
			return err
		}
		r.Log = &log
	}
	// The objects' names and the record become durable at the same time, which
	// halves the wait; only then the record gets its name.
	synced := make(chan error, 1)
	go func() { synced <- p.syncFolders() }()
	tmp, err := w.writeRecord(r)
	if err := errors.Join(err, <-synced); err != nil {
		return err
	}
	path := w.cache.recordPath(w.key)
	if err := moveInto(tmp, path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	os.RemoveAll(w.dir()) // what stays behind harms nobody
	return nil
}

// A publisher moves files to where objects lie.
type publisher struct {
	cache   *Cache
	folders []string // to be synced
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

// file publishes one file: it is hashed, synced, made read-only and renamed.
func (p *publisher) file(path, name string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs only what can be written
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o600) == nil {
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	file := File{Name: name}
	if file.Digest, file.Size, err = digestOf(f); err != nil {
		return File{}, err
	}
	if p.known(file) {
		return file, nil
	}
	if err := errors.Join(f.Sync(), f.Chmod(0o444), f.Close()); err != nil {
		return File{}, err
	}
	return file, p.move(path, file)
}

// known says whether this process has read, or made, the same object.
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

// move puts a file into an object's place, also where one lies already: that
// one may be damaged.
func (p *publisher) move(path string, f File) error {
	target := p.cache.objectPath(f.Digest)
	if err := moveInto(path, target); err != nil {
		// Windows does not replace a file that is in use.
		if _, damaged := p.cache.Object(f); damaged != nil {
			return err
		}
		return nil
	}
	p.cache.trust(f.Digest)
	if dir := filepath.Dir(target); !slices.Contains(p.folders, dir) {
		p.folders = append(p.folders, dir)
	}
	return nil
}

func (p *publisher) syncFolders() error {
	for _, dir := range p.folders {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// writeRecord writes the record under a temporary name.
func (w *Work) writeRecord(r *Record) (tmp string, err error) {
	text, err := r.encode()
	if err != nil {
		return "", err
	}
	tmp = filepath.Join(w.dir(), "record.json")
	f, err := os.Create(tmp)
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return tmp, errors.Join(err, f.Sync(), f.Close())
}

// moveInto renames a file. The target's folder is made when it is needed first.
func moveInto(path, target string) error {
	err := os.Rename(path, target)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	return os.Rename(path, target)
}
