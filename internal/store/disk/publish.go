package disk

import (
	"bytes"
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
	"time"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/identity"
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
		log, err := p.log(ctx, w.Log)
		if err != nil {
			return err
		}
		r.Log = &log
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.publishRecord(ctx, w.Out, r, p)
}

// publishRecord names a record, and waits until the record and all objects of p are on disk. Their
// order does not matter: after a power failure, the checksum of a record and the digest of an
// object reveal truncated files. The record is first written to the work folder. It never replaces
// a record that another owner has published after this lease was lost.
func (l *lease) publishRecord(ctx context.Context, attempt string, r *store.Record, p *publisher) error {
	if err := r.Check(); err != nil { // nobody would find it
		return fmt.Errorf("the record of %s %w", l.key.Short(), err)
	}
	text, err := r.Encode()
	if err != nil {
		return err
	}
	f, err := l.cache.access.Temp(attempt + unfinishedSuffix)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return err
	}
	if err := l.hold.check(); err != nil { // hashing large files takes long, so the lease may be lost
		f.Close()
		return err
	}
	ours, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	path := l.cache.recordPath(l.key)
	if p.add(f, path, nil) != nil {
		if l.isPublished(ctx, text) {
			f.Close()
			os.Remove(f.Name())
			return store.ErrLost
		}
		if err := p.replace(f, path, nil); err != nil {
			return err
		}
	}
	if err := p.settle(); err != nil {
		if now, missing := os.Lstat(path); missing == nil && os.SameFile(ours, now) {
			os.Remove(path)
		}
		return err
	}
	l.removeWork(attempt)
	return nil
}

// isPublished reports whether another owner has published the key since this lease was taken. A
// record that was there before is none of that: its object is missing or damaged, and the owner of
// this lease makes it again. The record of this call, whose text is own, is none either.
func (l *lease) isPublished(ctx context.Context, own []byte) bool {
	text, _, err := l.cache.readRecord(l.cache.recordPath(l.key))
	if err != nil || digest.Of(text) == l.before || bytes.Equal(text, own) {
		return false
	}
	r, _, err := l.cache.Lookup(ctx, l.key)
	return r != nil || err != nil // a record of a newer format is an error
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

// CopyTo copies a record and its objects to another cache. It compares objects with their digests.
// It does not link them, because a program that runs there might write to them.
func (c *Cache) CopyTo(ctx context.Context, to *Cache, r *store.Record) error {
	for _, f := range r.Outputs {
		path, err := c.object(ctx, f)
		if err != nil {
			return err
		}
		if err := to.copyNew(ctx, path, to.objectPath(f.Digest)); err != nil {
			return err
		}
	}
	copied := *r
	copied.Log = nil // not needed there
	_, err := to.adopt(ctx, &copied)
	return err
}

// adopt publishes a record whose objects already exist. If the key has a record that is a hit, that
// one stays, and adopt returns it. The error is store.ErrHeld if another run is making the key.
func (c *Cache) adopt(ctx context.Context, r *store.Record) (known *store.Record, err error) {
	if known, _, err := c.Lookup(ctx, r.Key); known != nil || err != nil {
		return known, err
	}
	l, err := c.acquire(r.Key)
	if err != nil {
		return nil, err
	}
	defer l.Release()
	// Again: another run may have published the key in the meantime.
	if known, _, err := c.Lookup(ctx, r.Key); known != nil || err != nil {
		return known, err
	}
	dir, err := l.folder()
	if err != nil {
		return nil, err
	}
	p := newPublisher(c)
	defer p.syncs.wait() // also after an error
	err = l.publishRecord(ctx, newAttempt(dir), r, p)
	if errors.Is(err, store.ErrLost) {
		err = store.ErrHeld // by the run that has taken the lease over
	}
	return nil, err
}

// copyNew copies a file, unless the copy exists.
func (c *Cache) copyNew(ctx context.Context, path, target string) error {
	if err := c.makeFolder(filepath.Dir(target)); err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := c.access.Create(target)
	if errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	_, err = ctxio.Copy(ctx, to, from)
	if err = errors.Join(err, c.access.Seal(to), to.Close()); err != nil {
		os.Remove(target)
	}
	return err
}

// A publisher gives files the names of objects. After settle returns nil, these objects are
// durable.
type publisher struct {
	cache *Cache
	syncs *syncs
	named map[digest.Digest]*naming // since the last settle
}

// A naming is an object that has its name but may not be durable yet.
type naming struct {
	own    bool           // this publisher has made the object
	synced identity.Sight // of an own object, when it was durable
}

func newPublisher(c *Cache) *publisher {
	return &publisher{cache: c, syncs: newSyncs(), named: map[digest.Digest]*naming{}}
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
		files[i], err = p.file(ctx, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Name)
		if errors.As(err, new(*unfinishedError)) {
			err = fmt.Errorf("output %q %w", f.Name, err)
		}
		if err != nil {
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

// file publishes one file: it is hashed, made read-only and named. The error is an *unfinishedError
// if something is writing to it.
func (p *publisher) file(ctx context.Context, path, name string) (File, error) {
	f, err := openToSync(path)
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o600) == nil {
		f, err = openToSync(path)
	}
	if err != nil {
		return File{}, err
	}
	file := File{Name: name}
	var hashed identity.Sight
	if file.Digest, file.Size, hashed, err = p.hash(ctx, f); err != nil || p.named[file.Digest] != nil || p.exists(ctx, file) {
		f.Close()
		return file, err
	}
	return file, p.nameAs(ctx, f, file, hashed.Identity)
}

// An unfinishedError means that something writes to a file that is being published.
type unfinishedError struct{ how string }

func (e *unfinishedError) Error() string {
	return e.how + ": something that the cell has started still writes to it; let the cell wait for its end"
}

// hash hashes a file that nothing writes to. It waits a moment while the file is open for writing,
// because a process that has just been started holds all files of its parent open until its program
// runs. Such a process writes nothing. The file is read only after that. It is read again if its
// links or permissions changed in the meantime.
func (p *publisher) hash(ctx context.Context, f *os.File) (d digest.Digest, size int64, seen identity.Sight, err error) {
	first, err := identity.See(f)
	if err != nil {
		return d, 0, first, err
	}
	const reads = 3
	for range reads {
		if seen, err = unused(ctx, f, first.Identity); err != nil {
			return d, 0, seen, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return d, 0, seen, err
		}
		seen, err = identity.SeeDuring(f, func() (err error) {
			d, size, err = p.cache.hash(ctxio.Reader(ctx, f))
			return err
		})
		if err == nil && !seen.InUse && first.Renamed(seen.Identity) {
			return d, size, seen, nil
		}
		if err != nil && !errors.Is(err, identity.ErrChanging) {
			return d, size, seen, err
		}
	}
	return d, size, seen, &unfinishedError{changedLate}
}

// changedLate is how a file is unfinished that nothing has open now.
const changedLate = "changed after the cell had ended"

// unused waits until a file is not open for writing. The error is an *unfinishedError if that takes
// long, or if the file was written since its identity was first.
func unused(ctx context.Context, f *os.File, first identity.Identity) (identity.Sight, error) {
	const patience = time.Second
	for delay := time.Millisecond; ; delay *= 2 {
		seen, err := identity.See(f)
		switch {
		case err != nil:
			return seen, err
		case !first.Renamed(seen.Identity):
			return seen, &unfinishedError{changedLate}
		case !seen.InUse:
			return seen, nil
		case delay >= patience:
			return seen, &unfinishedError{"is open for writing"}
		}
		select {
		case <-ctx.Done():
			return seen, ctx.Err()
		case <-time.After(delay):
		}
	}
}

// log publishes a log. If something still writes to it, a copy is published.
func (p *publisher) log(ctx context.Context, path string) (File, error) {
	log, err := p.file(ctx, path, store.LogName)
	if errors.As(err, new(*unfinishedError)) {
		p.cache.renewLog(path)
		log, err = p.file(ctx, path, store.LogName)
	}
	if err != nil {
		err = fmt.Errorf("log %w", err)
	}
	return log, err
}

// exists reports whether the cache has an intact object with the content of a file. It will be
// durable after settle.
func (p *publisher) exists(ctx context.Context, f File) bool {
	path := p.cache.objectPath(f.Digest)
	if _, err := os.Lstat(path); err != nil {
		return false
	}
	if _, err := p.cache.object(ctx, f); err != nil {
		return false // it was set aside
	}
	p.named[f.Digest] = &naming{}
	p.cache.mu.Lock()
	durable := p.cache.checks[f.Digest].durable
	p.cache.mu.Unlock()
	if !durable {
		p.rely(path)
	}
	return true
}

// name gives an open file with the content of f the name of the object, and closes it.
func (p *publisher) name(ctx context.Context, file *os.File, f File) error {
	if err := file.Close(); err != nil { // it may be open for writing
		return err
	}
	file, err := openToSync(file.Name())
	if err != nil {
		return err
	}
	seen, err := identity.See(file)
	if err != nil {
		file.Close()
		return err
	}
	return p.nameAs(ctx, file, f, seen.Identity)
}

// nameAs is name for a file that had an identity when it was hashed.
func (p *publisher) nameAs(ctx context.Context, file *os.File, f File, hashed identity.Identity) error {
	if err := p.cache.access.Seal(file); err != nil {
		file.Close()
		return err
	}
	n := &naming{own: true}
	p.named[f.Digest] = n
	path := p.cache.objectPath(f.Digest)
	synced := func(file *os.File) (err error) {
		if n.synced, err = identity.See(file); err != nil || hashed.Renamed(n.synced.Identity) {
			return err
		}
		if n.synced, err = p.rehash(file, f.Digest); err != nil {
			p.cache.setAside(f.Digest, path, file, err.Error())
			return fmt.Errorf("%s %w", f.Name, err)
		}
		return nil
	}
	if p.add(file, path, synced) == nil {
		return nil
	}
	if p.exists(ctx, f) { // another process has just named it
		return file.Close()
	}
	err := p.replace(file, path, synced)
	if err != nil && p.exists(ctx, f) {
		return nil // Windows does not replace a file that is in use
	}
	return err
}

// rehash compares an object that was touched while it was published.
func (p *publisher) rehash(file *os.File, want digest.Digest) (seen identity.Sight, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return seen, err
	}
	var got digest.Digest
	seen, err = identity.SeeDuring(file, func() (err error) {
		got, _, err = p.cache.hash(file)
		return err
	})
	if errors.Is(err, identity.ErrChanging) || err == nil && got != want {
		err = &unfinishedError{"changed while it was published"}
	}
	return seen, err
}

// add renames an open file to an unused name, and starts to sync it. Before the file is closed,
// synced is called; nil: no call. The name is given at once, because nothing depends on the file
// before settle. After an error the file is still open.
func (p *publisher) add(file *os.File, target string, synced func(*os.File) error) error {
	if info, err := os.Lstat(target); err == nil && !info.Mode().IsRegular() {
		p.cache.putAside(target, "is "+kindOf(info.Mode()))
	}
	err := p.into(target, func() error { return moveNew(file.Name(), target) })
	if err == nil {
		p.syncs.file(file, synced)
	}
	return err
}

// replace is add for a name that may be in use. The existing file may be damaged, but other records
// may depend on it. So only a durable file replaces it. The file is closed in any case.
func (p *publisher) replace(file *os.File, target string, synced func(*os.File) error) error {
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := p.into(target, func() error { return os.Rename(file.Name(), target) }); err != nil || synced == nil {
		return err
	}
	placed, err := os.Open(target)
	if err != nil {
		return err
	}
	return errors.Join(synced(placed), placed.Close())
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

// settle waits until all named files are on disk. Then their identities count as those of checked
// objects.
func (p *publisher) settle() error {
	if err := p.syncs.wait(); err != nil {
		return err
	}
	for d, n := range p.named {
		ch := p.cache.checkOf(d)
		if n.own {
			seen := lookAgain(p.cache.objectPath(d), n.synced)
			ch.mu.Lock()
			ch.seen, ch.known = seen, true
			ch.mu.Unlock()
		}
		p.cache.mu.Lock()
		ch.durable = true
		p.cache.mu.Unlock()
	}
	clear(p.named)
	return nil
}

// lookAgain looks at a durable object again. It was linked and sealed just before it was seen, so
// it is often settled only now. Then its first user need not hash it.
func lookAgain(path string, seen identity.Sight) identity.Sight {
	if seen.Settled {
		return seen
	}
	f, _, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return seen
	}
	defer f.Close()
	if later, err := seen.Again(f); err == nil {
		return later
	}
	return seen
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

// file starts to sync a written file, and then closes it. Before that, it calls synced.
func (s *syncs) file(f *os.File, synced func(*os.File) error) {
	s.begin(func() error {
		err := f.Sync()
		if err == nil && synced != nil {
			err = synced(f)
		}
		return errors.Join(err, f.Close())
	})
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
