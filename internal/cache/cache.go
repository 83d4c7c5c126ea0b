package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// A Cache is a folder that holds objects and records. It may be used by any
// number of processes at once, and moved while none does.
type Cache struct {
	dir string

	mu     sync.Mutex
	checks map[Digest]*check // objects whose content was compared in this process
}

// The folders of a cache.
const (
	objectsDir = "objects" // objects/ab/DIGEST
	actionsDir = "actions" // actions/ab/KEY.json
	workDir    = "work"    // work/KEY/
	locksDir   = "locks"   // locks/KEY
	damagedDir = "damaged" // what did not have the content it should have
)

// Open opens the cache in dir and makes what is missing of it. The error says
// why the folder cannot be used.
func Open(dir string) (*Cache, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: %w", dir, err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("cache folder %s: is a file, not a folder; name another one", dir)
	}
	c := &Cache{dir: abs, checks: map[Digest]*check{}}
	for _, sub := range []string{objectsDir, actionsDir, workDir, locksDir, damagedDir} {
		if err := os.MkdirAll(filepath.Join(abs, sub), 0o777); err != nil {
			return nil, fmt.Errorf("cache folder %s: cannot be written (%w); name another one", dir, err)
		}
	}
	// Permissions do not tell whether a folder can be written; writing does.
	probe, err := os.CreateTemp(filepath.Join(abs, locksDir), "probe-")
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: cannot be written (%w); name another one", dir, err)
	}
	probe.Close()
	os.Remove(probe.Name())
	return c, nil
}

// Dir is the cache's folder.
func (c *Cache) Dir() string { return c.dir }

func (c *Cache) objectPath(d Digest) string {
	name := d.String()
	return filepath.Join(c.dir, objectsDir, name[:2], name)
}

func (c *Cache) recordPath(k Key) string {
	name := k.String()
	return filepath.Join(c.dir, actionsDir, name[:2], name+".json")
}

func (c *Cache) workPath(k Key) string { return filepath.Join(c.dir, workDir, k.String()) }

func (c *Cache) lockPath(k Key) string { return filepath.Join(c.dir, locksDir, k.String()) }
