package disk

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"foil/internal/access"
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
	root     *os.Root       // of dir; nil: there is no folder
	access   access.Access  // of dir, which all new files and folders get
	group    string         // of this process: see SetGroup

	folders   sync.Map                 // paths of folders that are there
	told      sync.Map                 // paths that were told
	moved     sync.Map                 // paths in damaged/ of entries that were set aside
	moving    sync.Mutex               // held while an entry is set aside
	doubt     atomic.Bool              // not all records are known
	verifying atomic.Pointer[verifier] // while Verify runs

	hash       func(io.Reader) (digest.Digest, int64, error) // tests count its calls
	revalidate func(dir string)                              // tests count its calls
	readDir    func(dir string) ([]fs.DirEntry, error)       // tests let it fail

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
	existed := Exists(dir)
	if err := c.makeFolders(existed); err != nil {
		c.readOnly = &ReadOnlyError{Dir: dir, Err: err}
		if !existed {
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
	return &Cache{
		dir: abs, system: on, hash: digest.OfReader, revalidate: openFolder, readDir: os.ReadDir,
		checks: map[digest.Digest]*check{}, damaged: map[digest.Digest]string{},
	}, nil
}

// Exists reports whether there is a cache in dir. Its folders may be odd entries.
func Exists(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, wayFile)); err == nil {
		return true
	}
	folders := 0
	for _, sub := range []string{objectsDir, actionsDir} {
		info, err := os.Lstat(filepath.Join(dir, sub))
		if err != nil {
			return false
		}
		if info.IsDir() {
			folders++
		}
	}
	return folders > 0
}

// Close ends the use of the cache. The end of the process has the same effect.
func (c *Cache) Close() {
	if c.use != nil {
		c.use.Close()
	}
	if c.root != nil {
		c.root.Close()
	}
}

// makeFolders makes the missing folders of a cache. In a folder that is not a cache yet, it moves
// nothing.
func (c *Cache) makeFolders(existed bool) (err error) {
	if err := os.MkdirAll(c.dir, 0o777); err != nil {
		return err
	}
	if c.access, err = access.Of(c.dir); err != nil {
		return err
	}
	if c.root, err = os.OpenRoot(c.dir); err != nil {
		return err
	}
	for _, sub := range []string{damagedDir, objectsDir, actionsDir, workDir, locksDir} {
		path := filepath.Join(c.dir, sub)
		if info, err := os.Lstat(path); err == nil && !info.IsDir() && !existed {
			return fmt.Errorf("%s is %s", sub, kindOf(info.Mode()))
		}
		if err := c.makeFolder(path); err != nil {
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

// SetGroup says that this process is a worker, and names the group of workers that were started
// together. Leases and failures then name it, and attempts without progress are counted in it. It is
// called before leases are taken.
func (c *Cache) SetGroup(name string) { c.group = name }

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

// eachEntry calls f for the entries of a folder of the cache, sorted. It tells and skips a folder
// that cannot be read.
func (c *Cache) eachEntry(dir string, f func(path, name string) error) error {
	if !c.isFolder(filepath.Dir(dir)) {
		return nil
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return ignoreMissing(c.skipUnreadable(dir, staleIsMissing(err)))
	}
	if !info.IsDir() {
		c.putAside(dir, "is "+kindOf(info.Mode()))
		return nil
	}
	list, err := c.readDir(dir)
	if isUnreadable(err) && access.IsUnfinished(dir) {
		return nil // another user's process was killed
	}
	if err != nil {
		return ignoreMissing(c.skipUnreadable(dir, staleIsMissing(err)))
	}
	for _, e := range list {
		if err := f(filepath.Join(dir, e.Name()), e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// eachFile calls f for the files of objects or records, sorted, and also for files that are outside
// of the folder of their name.
func (c *Cache) eachFile(root string, f func(path, name string) error) error {
	if !c.isFolder(root) {
		return nil
	}
	return c.eachEntry(root, func(path, name string) error {
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			return ignoreMissing(c.skipUnreadable(path, err))
		case info.IsDir() && c.isFolder(path):
			return c.eachEntry(path, f)
		case isPrefix(name):
			c.putAside(path, "is "+kindOf(info.Mode()))
			return nil
		}
		return f(path, name)
	})
}

// eachObject calls f for all objects, sorted.
func (c *Cache) eachObject(f func(d digest.Digest, info fs.FileInfo)) error {
	return c.eachFile(filepath.Join(c.dir, objectsDir), func(path, name string) error {
		var d digest.Digest
		if d.UnmarshalText([]byte(name)) != nil {
			return nil // not a file of the cache
		}
		if path != c.objectPath(d) {
			if v := c.verifying.Load(); v != nil {
				v.misplaced(path)
			}
			return nil
		}
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			return ignoreMissing(c.skipUnreadable(path, err))
		case !info.Mode().IsRegular():
			c.putAside(path, "is "+kindOf(info.Mode()))
			return nil
		}
		f(d, info)
		return nil
	})
}

// isPrefix reports whether a name is that of a folder of objects or records.
func isPrefix(name string) bool {
	_, err := hex.DecodeString(name)
	return err == nil && len(name) == 2 && strings.ToLower(name) == name
}

// sizeOf is the size of a file, or of all files in a folder, as far as it can be read.
func sizeOf(path string) (size int64) {
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
