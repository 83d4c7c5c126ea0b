package disk

import (
	"cmp"
	"errors"
	"fmt"
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A Policy says which records a cache can do without. The zero Policy can do
// without none.
type Policy struct {
	Keep    map[digest.Key]bool // never removed, whatever else is said; nil: none was named
	Unused  time.Time           // remove what was not used since; zero: do not go by age
	MaxSize int64               // remove what was used least recently until no more is left; 0: do not go by size
	Idle    time.Time           // unfinished work that nobody touched since is given up
}

// removes says whether records go at all.
func (p Policy) removes() bool { return p.Keep != nil || !p.Unused.IsZero() || p.MaxSize > 0 }

// Garbage is what can be removed from a cache.
type Garbage struct {
	Records []Entry // those that use others before what they use
	Objects []Waste // that no record names then
	Work    []Waste // of cells that are not being made
	Rest    []Waste // locks without an owner, and what was set aside
	Left    int64   // bytes of objects and records that stay
	Kept    int     // records that stay
}

// A Waste is a file or folder that can be removed.
type Waste struct {
	Path string
	Size int64
	key  digest.Key // of work
}

// Bytes is how much all of it takes.
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

// Garbage finds what a policy can do without. It is exact where the cache is
// used by this process alone; see Alone.
func (c *Cache) Garbage(p Policy) (*Garbage, error) {
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var newer *store.NewerFormatError
		if errors.As(e.Problem, &newer) {
			return nil, fmt.Errorf("nothing was removed, since what a newer foil needs is not known: %w", newer)
		}
	}
	s := &sweep{policy: p, sizes: map[digest.Digest]int64{}, names: map[digest.Digest]int{}, garbage: &Garbage{}}
	if err := s.measure(c, entries); err != nil {
		return nil, err
	}
	s.records(entries)
	s.objects(c)
	if err := s.work(c); err != nil {
		return nil, err
	}
	return s.garbage, s.rest(c)
}

// A sweep collects garbage.
type sweep struct {
	policy  Policy
	sizes   map[digest.Digest]int64 // of all objects
	names   map[digest.Digest]int   // how many records that stay name an object
	staying map[digest.Key]bool
	garbage *Garbage
}

// measure finds all objects, and who names them.
func (s *sweep) measure(c *Cache, entries []Entry) error {
	err := eachFile(filepath.Join(c.dir, objectsDir), func(path, name string) error {
		var d digest.Digest
		if d.UnmarshalText([]byte(name)) != nil {
			return nil // not ours
		}
		info, err := os.Lstat(path)
		if err == nil {
			s.sizes[d] = info.Size()
			s.garbage.Left += info.Size()
		}
		return ignoreMissing(err)
	})
	for _, e := range entries {
		s.garbage.Left += e.Size
		for _, f := range e.files() {
			s.names[f.Digest]++
		}
	}
	return err
}

// files are all objects that a record names.
func (e Entry) files() []File {
	if e.Record == nil {
		return nil
	}
	files := slices.Clone(e.Record.Outputs)
	if e.Record.Log != nil {
		files = append(files, *e.Record.Log)
	}
	return files
}

// records chooses which go: what is damaged, what is too old, and then what was
// used least recently.
func (s *sweep) records(entries []Entry) {
	p := s.policy
	s.staying = map[digest.Key]bool{}
	var rest []Entry
	for _, e := range byLastUse(entries) {
		switch {
		case e.Record == nil:
			s.drop(e)
		case !p.removes() || p.Keep[e.Key]:
			s.stay(e)
		case !p.Unused.IsZero() && e.Used.Before(p.Unused):
			s.drop(e)
		case p.Unused.IsZero() && p.MaxSize == 0:
			s.drop(e) // it is none of those that were to be kept
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

// dropUnnamed takes the objects that no record has ever named from the account.
func (s *sweep) dropUnnamed() {
	for d, size := range s.sizes {
		if _, named := s.names[d]; !named {
			s.garbage.Left -= size
		}
	}
}

// objects lists those that no record names that stays.
func (s *sweep) objects(c *Cache) {
	for d, size := range s.sizes {
		if s.names[d] == 0 {
			s.garbage.Objects = append(s.garbage.Objects, Waste{Path: c.objectPath(d), Size: size})
		}
	}
	slices.SortFunc(s.garbage.Objects, func(a, b Waste) int { return cmp.Compare(a.Path, b.Path) })
}

// work lists the folders of cells that nobody makes: of those that are
// published, and those that were given up.
func (s *sweep) work(c *Cache) error {
	return eachEntry(filepath.Join(c.dir, workDir), func(path, name string) error {
		var key digest.Key
		if key.UnmarshalText([]byte(name)) == nil {
			state, err := c.WorkState(key)
			if err != nil || state == nil || state.Running {
				return err
			}
			if !s.staying[key] && (s.policy.Keep[key] || !state.Touched.Before(s.policy.Idle)) {
				return nil
			}
		}
		size, err := sizeOf(path)
		s.garbage.Work = append(s.garbage.Work, Waste{Path: path, Size: size, key: key})
		return err
	})
}

func (s *sweep) rest(c *Cache) error {
	add := func(path, name string) error {
		var key digest.Key
		if filepath.Base(filepath.Dir(path)) == locksDir && key.UnmarshalText([]byte(name)) == nil {
			if locked, err := c.isLocked(key); locked || err != nil {
				return err
			}
		}
		size, err := sizeOf(path)
		s.garbage.Rest = append(s.garbage.Rest, Waste{Path: path, Size: size})
		return err
	}
	return errors.Join(eachEntry(filepath.Join(c.dir, locksDir), add), eachEntry(filepath.Join(c.dir, damagedDir), add))
}
