package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"foil/internal/digest"
	"foil/internal/store"
)

// A Cache is a folder that holds objects and records. Any number of processes may use it at the
// same time. It may be moved while no process uses it.
type Cache struct {
	dir      string
	system   system
	leases   leasing        // how leases are held in this cache
	use      *os.File       // locked while this process uses the cache; nil: see beginUse
	cleaning bool           // this process uses the cache alone
	readOnly *ReadOnlyError // nil: the folder can be written

	hash func(io.Reader) (digest.Digest, int64, error) // tests count its calls

	mu      sync.Mutex
	checks  map[digest.Digest]*check // of the objects that this process has used
	damaged map[digest.Digest]string // damage of objects that could not be set aside
}

var _ store.Store = (*Cache)(nil)

// The folders of a cache.
const (
	objectsDir = "objects" // objects/ab/DIGEST
	actionsDir = "actions" // actions/ab/KEY.json
	workDir    = "work"    // work/KEY/
	locksDir   = "locks"   // locks/KEY
	leasesDir  = "leases"  // leases/KEY/N, where locks do not work
	damagedDir = "damaged" // damaged files
)

// Open opens the cache in dir and makes missing folders. A cache that cannot be written is opened
// for reading; operations that write then return a *ReadOnlyError. The error of Open is the reason
// why the folder cannot be used.
func Open(dir string) (*Cache, error) { return openOn(dir, thisSystem) }

func openOn(dir string, on system) (*Cache, error) {
	c, err := at(dir, on)
	if err != nil {
		return nil, err
	}
	if err := c.makeFolders(); err != nil {
		c.readOnly = &ReadOnlyError{Dir: dir, Err: err}
		if !Exists(dir) {
			return nil, c.readOnly
		}
	}
	if c.readOnly == nil {
		if err := c.tryWriting(); err != nil {
			c.readOnly = &ReadOnlyError{Dir: dir, Err: err}
		}
	}
	way, err := c.chooseWay()
	if err != nil {
		return nil, err
	}
	c.leases = way.leasing(c)
	if way.Leases == bySystem {
		if err := c.beginUse(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Look opens the cache in dir for commands that write nothing. It does not make a missing cache; a
// missing cache is empty.
func Look(dir string) (*Cache, error) {
	if Exists(dir) {
		return Open(dir)
	}
	c, err := at(dir, thisSystem)
	if err != nil {
		return nil, err
	}
	c.readOnly = &ReadOnlyError{Dir: dir, Err: errors.New("there is no cache")}
	c.leases = systemLeases{c}
	return c, nil
}

// at returns a Cache for dir, without reading the folder.
func at(dir string, on system) (*Cache, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: %w", dir, err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("cache folder %s: is a file, not a folder; name another one", dir)
	}
	return &Cache{dir: abs, system: on, hash: digest.OfReader, checks: map[digest.Digest]*check{}, damaged: map[digest.Digest]string{}}, nil
}

// Exists reports whether there is a cache in dir.
func Exists(dir string) bool {
	for _, sub := range []string{objectsDir, actionsDir} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// Close ends the use of the cache. The end of the process has the same effect.
func (c *Cache) Close() {
	if c.use != nil {
		c.use.Close()
	}
}

func (c *Cache) makeFolders() error {
	for _, sub := range []string{objectsDir, actionsDir, workDir, locksDir, damagedDir} {
		if err := os.MkdirAll(filepath.Join(c.dir, sub), 0o777); err != nil {
			return err
		}
	}
	return nil
}

// tryWriting writes a file, because permissions alone do not show whether a folder can be written.
func (c *Cache) tryWriting() error {
	f, err := os.CreateTemp(filepath.Join(c.dir, locksDir), "probe-")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// A ReadOnlyError means that an operation has to write to a cache that cannot be written.
type ReadOnlyError struct {
	Dir string
	Err error
}

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("cache folder %s: cannot be written (%v); name another one", e.Dir, e.Err)
}

func (e *ReadOnlyError) Unwrap() error { return e.Err }

// Writable returns nil, or a *ReadOnlyError.
func (c *Cache) Writable() error {
	if c.readOnly != nil {
		return c.readOnly
	}
	return nil
}

// Dir is the cache's folder.
func (c *Cache) Dir() string { return c.dir }

func (c *Cache) objectPath(d digest.Digest) string {
	name := d.String()
	return filepath.Join(c.dir, objectsDir, name[:2], name)
}

func (c *Cache) recordPath(k digest.Key) string {
	name := k.String()
	return filepath.Join(c.dir, actionsDir, name[:2], name+".json")
}

func (c *Cache) workPath(k digest.Key) string { return filepath.Join(c.dir, workDir, k.String()) }

func (c *Cache) lockPath(k digest.Key) string { return filepath.Join(c.dir, locksDir, k.String()) }

func (c *Cache) leasePath(k digest.Key) string { return filepath.Join(c.dir, leasesDir, k.String()) }

// eachEntry calls f for the entries of a folder, sorted by name.
func eachEntry(dir string, f func(path, name string) error) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, e := range list {
		if err := f(filepath.Join(dir, e.Name()), e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// eachFile calls f for the files in the subfolders of objects or records, sorted.
func eachFile(root string, f func(path, name string) error) error {
	folders, err := os.ReadDir(root)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		if err := eachEntry(filepath.Join(root, folder.Name()), f); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is the size of a file, or of all files in a folder.
func sizeOf(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return ignoreMissing(err)
	})
	return size, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
