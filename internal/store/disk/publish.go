package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"foil/internal/digest"
	"foil/internal/store"
)

// Publish turns the files of an attempt's output folder and its log into objects, and then writes
// the record. After it returns nil, the result is durable and the work folder is removed. Before
// that, Lookup finds either nothing or the whole result. Publish sets Format, Key, Outputs and Log
// of the record; the caller sets KeyText.
func (l *lease) Publish(ctx context.Context, w *store.Workspace, r *store.Record) error {
	switch {
	case r.KeyText.Key() != l.key:
		return fmt.Errorf("the key lines of the record do not belong to the key %s", l.key.Short())
	case filepath.Dir(w.Out) != l.cache.workPath(l.key):
		return fmt.Errorf("the workspace does not belong to the key %s", l.key.Short())
	}
	r.Format, r.Key = store.RecordFormat, l.key
	if err := l.hold.check(); err != nil {
		return err
	}
	p := newPublisher(l.cache)
	defer p.syncs.wait() // also after an error
	var err error
	if r.Outputs, err = p.folder(ctx, w.Out); err != nil {
		return err
	}
	if info, err := os.Lstat(w.Log); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		log, err := p.file(w.Log, store.LogName)
		if err != nil {
			return err
		}
		r.Log = &log
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.publishRecord(w.Out, r, p)
}

// publishRecord names a record, and waits until the record and all objects of p are on disk. Their
// order does not matter: after a power failure, the checksum of a record and the digest of an
// object reveal truncated files. The record is first written to the work folder.
func (l *lease) publishRecord(attempt string, r *store.Record, p *publisher) error {
	if err := r.Check(); err != nil { // nobody would find it
		return fmt.Errorf("the record of %s %w", l.key.Short(), err)
	}
	text, err := r.Encode()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(attempt+unfinishedSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	l.cache.access.Give(f)
	if _, err := f.Write(text); err != nil {
		f.Close()
		return err
	}
	if err := l.hold.check(); err != nil { // hashing large files takes long, so the lease may be lost
		f.Close()
		return err
	}
	path := l.cache.recordPath(l.key)
	if err := p.place(f, path); err != nil {
		return err
	}
	if err := p.settle(); err != nil {
		os.Remove(path)
		return err
	}
	l.removeWork(attempt)
	return nil
}

// removeWork removes the work folder of a published key. A remaining folder does no harm.
func (l *lease) removeWork(attempt string) {
	if l.hold.check() != nil {
		return // it may belong to another owner now
	}
	// Most folders are empty now, and need no search.
	dir := l.cache.workPath(l.key)
	os.Remove(attempt)
	if os.Remove(dir) != nil {
		_ = l.cache.remove(dir)
	}
}

// CopyTo copies a record and its objects to another cache. It compares objects with their digests,
// and links them where the file system supports that.
func (c *Cache) CopyTo(to *Cache, r *store.Record) error {
	for _, f := range r.Outputs {
		path, err := c.object(f)
		if err != nil {
			return err
		}
		if err := to.linkOrCopy(path, to.objectPath(f.Digest)); err != nil {
			return err
		}
	}
	copied := *r
	copied.Log = nil // not needed there
	return to.adopt(&copied)
}

// adopt publishes a record whose objects already exist.
func (c *Cache) adopt(r *store.Record) error {
	l, err := c.acquire(r.Key)
	if errors.Is(err, store.ErrHeld) {
		return nil // another process is making it
	} else if err != nil {
		return err
	}
	defer l.Release()
	dir, err := l.folder()
	if err != nil {
		return err
	}
	p := newPublisher(c)
	defer p.syncs.wait() // also after an error
	return l.publishRecord(newAttempt(dir), r, p)
}

func (c *Cache) linkOrCopy(path, target string) error {
	if err := c.makeFolder(filepath.Dir(target)); err != nil {
		return err
	}
	if err := os.Link(path, target); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := c.access.Create(target)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, c.access.Seal(to), to.Close())
}

// A publisher gives files the names of objects. After settle returns nil, these objects are
// durable.
type publisher struct {
	cache *Cache
	syncs *syncs
	named map[digest.Digest]bool // since the last settle
}

func newPublisher(c *Cache) *publisher {
	return &publisher{cache: c, syncs: newSyncs(), named: map[digest.Digest]bool{}}
}

// folder publishes every file in a folder, after all names are known to be right.
func (p *publisher) folder(ctx context.Context, dir string) ([]File, error) {
	files, err := outputsIn(dir)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if files[i], err = p.file(filepath.Join(dir, filepath.FromSlash(f.Name)), f.Name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// outputsIn lists the files in an output folder by name.
func outputsIn(dir string) ([]File, error) {
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
		if !d.Type().IsRegular() {
			return fmt.Errorf("output %q is not a regular file (%s)", name, d.Type())
		}
		files = append(files, File{Name: name})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no output was written")
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	if err := digest.CheckFiles(files); err != nil {
		return nil, fmt.Errorf("the output cannot be published, because results must be usable on all systems: %w", err)
	}
	return files, nil
}

// file publishes one file: it is hashed, made read-only and named.
func (p *publisher) file(path, name string) (File, error) {
	f, _, err := openRegular(path, os.O_RDWR) // Windows syncs only what can be written
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o600) == nil {
		f, _, err = openRegular(path, os.O_RDWR)
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

// known reports whether this process has checked the same object, or has made it durable.
func (p *publisher) known(f File) bool {
	p.cache.mu.Lock()
	seen := p.cache.checks[f.Digest] != nil
	p.cache.mu.Unlock()
	if !seen {
		return false
	}
	_, err := p.cache.object(f)
	return err == nil
}

// name gives an open file with the content of f the name of the object, and closes it.
func (p *publisher) name(file *os.File, f File) error {
	if err := p.cache.access.Seal(file); err != nil {
		file.Close()
		return err
	}
	p.named[f.Digest] = true
	err := p.place(file, p.cache.objectPath(f.Digest))
	if err != nil {
		// Windows does not replace a file that is in use.
		if _, damaged := p.cache.object(f); damaged == nil {
			return nil
		}
	}
	return err
}

// place renames an open file and closes it. A new name is given at once, because nothing depends on
// the file before settle. An existing file with this name may be damaged, but other records may
// depend on it. So only a durable file replaces it.
func (p *publisher) place(file *os.File, target string) error {
	path := file.Name()
	if info, err := os.Lstat(target); err == nil && !info.Mode().IsRegular() {
		p.cache.putAside(target, "is "+kindOf(info.Mode()))
	}
	if err := p.into(target, func() error { return moveNew(path, target) }); err == nil {
		p.syncs.file(file)
		return nil
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return p.into(target, func() error { return os.Rename(path, target) })
}

// into returns the path of a file in a folder, and makes the folder on first use.
func (p *publisher) into(target string, name func() error) error {
	dir := filepath.Dir(target)
	err := fs.ErrNotExist
	if p.cache.isFolder(dir) {
		err = name()
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := p.cache.makeFolder(dir); err != nil {
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

// rely makes an object durable that another process has named but may not have settled.
func (p *publisher) rely(path string) {
	p.syncs.path(path)
	p.syncs.path(filepath.Dir(path))
}

// settle waits until all named files are on disk.
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

// syncsAtOnce is the number of files that are synced in parallel. A disk syncs several files about
// as fast as one, but each is an open file.
const syncsAtOnce = 8

// syncs makes files and the names in folders durable, several in parallel. Only wait returns the
// errors.
type syncs struct {
	paths   map[string]bool
	running sync.WaitGroup
	slots   chan struct{}

	mu  sync.Mutex
	err error
}

func newSyncs() *syncs {
	return &syncs{paths: map[string]bool{}, slots: make(chan struct{}, syncsAtOnce)}
}

// file starts to sync a written file, and then closes it.
func (s *syncs) file(f *os.File) {
	s.begin(func() error { return errors.Join(f.Sync(), f.Close()) })
}

// path adds a folder with new names, or a file of another process.
func (s *syncs) path(path string) { s.paths[path] = true }

// wait syncs the paths, and returns when all files are on disk. After an error, no file can be
// assumed to be on disk.
func (s *syncs) wait() error {
	for path := range s.paths {
		s.begin(func() error { return syncPath(path) })
	}
	clear(s.paths)
	s.running.Wait()
	return s.err
}

func (s *syncs) begin(sync func() error) {
	s.slots <- struct{}{}
	s.running.Go(func() {
		err := sync()
		<-s.slots
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = errors.Join(s.err, err)
	})
}
