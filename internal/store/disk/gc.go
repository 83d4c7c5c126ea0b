package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// A Policy selects the records to remove from a cache. The zero Policy removes none.
type Policy struct {
	Keep    map[digest.Key]bool // never removed, with priority over the other fields; nil: no keys were given
	Unused  time.Time           // remove records that were not used since; zero: ignore the age
	MaxSize int64               // remove the least recently used until the rest fits; 0: ignore the size
	Idle    time.Time           // remove unfinished work that has not changed since
}

// removes reports whether the policy removes any records.
func (p Policy) removes() bool { return p.Keep != nil || !p.Unused.IsZero() || p.MaxSize > 0 }

// Garbage lists the files that can be removed from a cache.
type Garbage struct {
	Records []Entry // each record before its inputs
	Objects []Waste // that no remaining record names
	Work    []Waste // of cells that are not being made
	Rest    []Waste // leases without an owner, and damaged files
	Left    int64   // bytes of objects and records that stay
	Kept    int     // records that stay
}

// A Waste is a file or folder that can be removed.
type Waste struct {
	Path string
	Size int64
	key  digest.Key // of work
}

// Bytes is the total size.
func (g *Garbage) Bytes() (n int64) {
	for _, e := range g.Records {
		n += e.Size
	}
	for _, list := range [][]Waste{g.Objects, g.Work, g.Rest} {
		for _, w := range list {
			n += w.Size
		}
	}
	return n
}

// Garbage finds the files that a policy removes. The result is exact if no other process uses the
// cache; see Alone.
func (c *Cache) Garbage(p Policy) (*Garbage, error) {
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var newer *store.NewerFormatError
		if errors.As(e.Problem, &newer) {
			return nil, fmt.Errorf("nothing was removed, because the cache holds records of a newer foil: %w", newer)
		}
	}
	s := &sweep{cache: c, policy: p, sizes: map[digest.Digest]int64{}, names: map[digest.Digest]int{}, garbage: &Garbage{}}
	if err := s.measure(entries); err != nil {
		return nil, err
	}
	s.records(entries)
	s.objects()
	if err := s.work(); err != nil {
		return nil, err
	}
	return s.garbage, s.rest()
}

// A sweep finds garbage.
type sweep struct {
	cache   *Cache
	policy  Policy
	sizes   map[digest.Digest]int64 // of all objects
	names   map[digest.Digest]int   // number of remaining records that name an object
	staying map[digest.Key]bool
	garbage *Garbage
}

// measure finds all objects, and counts the records that name them.
func (s *sweep) measure(entries []Entry) error {
	err := s.cache.eachObject(func(d digest.Digest, info fs.FileInfo) {
		s.sizes[d] = info.Size()
		s.garbage.Left += info.Size()
	})
	for _, e := range entries {
		s.garbage.Left += e.Size
		for _, f := range e.files() {
			s.names[f.Digest]++
		}
	}
	return err
}

// records chooses the records to remove: damaged ones, old ones, and then the least recently used.
func (s *sweep) records(entries []Entry) {
	p := s.policy
	s.staying = map[digest.Key]bool{}
	var rest []Entry
	for _, e := range byLastUse(entries) {
		switch {
		case e.unreadable:
			s.stay(e)
			s.cache.skip(e.Path, e.Problem.Error())
		case e.Record == nil:
			s.drop(e)
		case !p.removes() || p.Keep[e.Key]:
			s.stay(e)
		case !p.Unused.IsZero() && e.Used.Before(p.Unused):
			s.drop(e)
		case p.Unused.IsZero() && p.MaxSize == 0:
			s.drop(e) // not one of the keys to keep
		default:
			rest = append(rest, e)
		}
	}
	s.dropUnnamed()
	for _, e := range rest {
		if p.MaxSize > 0 && s.garbage.Left > p.MaxSize {
			s.drop(e)
		} else {
			s.stay(e)
		}
	}
}

func (s *sweep) stay(e Entry) {
	s.staying[e.Key] = true
	s.garbage.Kept++
}

func (s *sweep) drop(e Entry) {
	s.garbage.Records = append(s.garbage.Records, e)
	s.garbage.Left -= e.Size
	for _, f := range e.files() {
		if s.names[f.Digest]--; s.names[f.Digest] == 0 {
			s.garbage.Left -= s.sizes[f.Digest]
		}
	}
}

// dropUnnamed subtracts the objects that no record names.
func (s *sweep) dropUnnamed() {
	for d, size := range s.sizes {
		if _, named := s.names[d]; !named {
			s.garbage.Left -= size
		}
	}
}

// objects lists the objects that no remaining record names. All objects stay if there are records
// that could not be read, because these may name any object.
func (s *sweep) objects() {
	doubt := s.cache.doubt.Load()
	if doubt {
		s.cache.tell(filepath.Join(s.cache.dir, objectsDir), "may be needed by records that were skipped or set aside", "all objects stay this time", false)
	}
	for d, size := range s.sizes {
		switch {
		case s.names[d] > 0:
		case doubt:
			s.garbage.Left += size
		default:
			s.garbage.Objects = append(s.garbage.Objects, Waste{Path: s.cache.objectPath(d), Size: size})
		}
	}
	slices.SortFunc(s.garbage.Objects, func(a, b Waste) int { return cmp.Compare(a.Path, b.Path) })
}

// work lists the work folders of cells that are not running: of published cells, and of abandoned
// ones.
func (s *sweep) work() error {
	return s.cache.eachEntry(filepath.Join(s.cache.dir, workDir), func(path, name string) error {
		var key digest.Key
		if key.UnmarshalText([]byte(name)) == nil {
			state, err := s.cache.WorkState(key)
			if err != nil || state == nil || state.Running {
				return s.cache.skipUnreadable(path, err)
			}
			if !s.staying[key] && (s.policy.Keep[key] || !state.Touched.Before(s.policy.Idle)) {
				return nil
			}
		}
		s.garbage.Work = append(s.garbage.Work, Waste{Path: path, Size: sizeOf(path), key: key})
		return nil
	})
}

// rest lists leases that are not held, and damaged files that were set aside before.
func (s *sweep) rest() error {
	c := s.cache
	damaged := filepath.Join(c.dir, damagedDir)
	add := func(path, name string) error {
		var key digest.Key
		if _, now := c.moved.Load(path); now {
			return nil // people should see it first
		}
		if key.UnmarshalText([]byte(name)) == nil && filepath.Dir(path) != damaged {
			if holder, err := c.leases.holder(key); holder != nil || err != nil {
				return c.skipUnreadable(path, err)
			}
		}
		if _, err := os.Lstat(path); err != nil {
			return nil // an odd entry that holder has set aside
		}
		s.garbage.Rest = append(s.garbage.Rest, Waste{Path: path, Size: sizeOf(path)})
		return nil
	}
	var errs []error
	for _, dir := range []string{locksDir, leasesDir, damagedDir} {
		errs = append(errs, c.eachEntry(filepath.Join(c.dir, dir), add))
	}
	return errors.Join(errs...)
}

// byLastUse sorts records by the time of their last use, oldest first. The use of a record counts
// as a use of the records of its inputs, because it is not a hit without them. Among records with
// the same time, the newest record is first.
func byLastUse(entries []Entry) []Entry {
	g := &useGraph{entries: slices.Clone(entries), of: make(map[digest.Key]int, len(entries))}
	g.users, g.depth = make([][]int, len(entries)), make([]int, len(entries))
	for i, e := range entries {
		g.of[e.Key] = i
	}
	for i, e := range entries {
		if e.Record == nil {
			continue
		}
		for _, in := range e.Record.Inputs {
			if j, ok := g.of[in.Key]; ok {
				g.users[j] = append(g.users[j], i)
			}
		}
	}
	order := make([]int, len(entries))
	for i := range entries {
		order[i] = i
		g.visit(i)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(g.entries[a].Used.Compare(g.entries[b].Used), cmp.Compare(g.depth[a], g.depth[b]))
	})
	sorted := make([]Entry, len(order))
	for i, j := range order {
		sorted[i] = g.entries[j]
	}
	return sorted
}

// A useGraph points from a record to the records that were made from it.
type useGraph struct {
	entries []Entry
	of      map[digest.Key]int
	users   [][]int
	depth   []int // 1: no record was made from it; 0: not visited yet
}

// visit finds the time of the last use of a record. A cycle, which only forged records can have,
// ends where it closes.
func (g *useGraph) visit(i int) {
	if g.depth[i] > 0 {
		return
	}
	g.depth[i] = 1
	for _, u := range g.users[i] {
		g.visit(u)
		g.depth[i] = max(g.depth[i], g.depth[u]+1)
		if g.entries[u].Used.After(g.entries[i].Used) {
			g.entries[i].Used = g.entries[u].Used
		}
	}
}

// Remove removes garbage. It removes records before their objects, so that a crash may leave
// objects without records, but never records without objects. It requires Alone. What cannot be
// removed is told, and taken from g.
func (c *Cache) Remove(g *Garbage) error {
	if !c.cleaning {
		return errors.New("Remove needs Alone")
	}
	folders := map[string]bool{}
	stays := map[digest.Digest]bool{} // objects of records that could not be removed
	g.Records = slices.DeleteFunc(g.Records, func(e Entry) bool {
		if c.tellStaying(e.Path, c.remove(e.Path)) {
			for _, f := range e.files() {
				stays[f.Digest] = true
			}
			g.Left += e.Size
			g.Kept++
			return true
		}
		folders[filepath.Dir(e.Path)] = true
		return false
	})
	for dir := range folders { // the removal of records must be durable before objects are removed
		if err := syncPath(dir); err != nil {
			return err
		}
	}
	g.Objects = slices.DeleteFunc(g.Objects, func(w Waste) bool {
		var d digest.Digest
		if d.UnmarshalText([]byte(filepath.Base(w.Path))) == nil && stays[d] || c.tellStaying(w.Path, c.remove(w.Path)) {
			g.Left += w.Size
			return true
		}
		return false
	})
	g.Work = slices.DeleteFunc(g.Work, func(w Waste) bool { return c.tellStaying(w.Path, c.removeWork(w)) })
	g.Rest = slices.DeleteFunc(g.Rest, func(w Waste) bool { return c.tellStaying(w.Path, c.removeRest(w)) })
	return nil
}

// tellStaying tells that an entry could not be removed. It reports whether there was an error.
func (c *Cache) tellStaying(path string, err error) bool {
	if err != nil {
		c.tell(path, fmt.Sprintf("cannot be removed (%v)", cause(err)), "it stays", false)
	}
	return err != nil
}

// removeWork removes a work folder, unless a process that outlived its run may still write to it.
func (c *Cache) removeWork(w Waste) error {
	if w.key.IsZero() {
		return c.remove(w.Path)
	}
	return c.unlessHeld(w.key, func() error { return c.remove(w.Path) })
}

func (c *Cache) removeRest(w Waste) error {
	var key digest.Key
	dir := filepath.Dir(w.Path)
	if dir != filepath.Join(c.dir, damagedDir) && key.UnmarshalText([]byte(filepath.Base(w.Path))) == nil {
		// Releasing the lease also removes its lock file. An empty folder or file of the other type
		// of leases may remain.
		return c.unlessHeld(key, func() error { return c.remove(w.Path) })
	}
	return c.remove(w.Path)
}

// unlessHeld takes the lease of a key and calls f, or does nothing if the lease is held.
func (c *Cache) unlessHeld(key digest.Key, f func() error) error {
	l, err := c.acquire(key)
	if errors.Is(err, store.ErrHeld) {
		return nil
	} else if err != nil {
		return err
	}
	defer l.Release()
	return f()
}
