package publish

import (
	"context"
	"maps"
	"path"
	"slices"

	"foil/internal/artifact"
	"foil/internal/digest"
)

// A commit moves prepared files to the folders that are published. It is short and does not stop
// for Ctrl-C.
type commit struct {
	tree  tree
	todo  *difference
	stage string                   // holds the prepared files
	owned map[string][]digest.File // by path: what foil has published there
	added map[string]digest.File   // by path: what will be there, without provenance.json
	kept  []Kept
}

// commit publishes the prepared files. After an error, each folder is as it was, or its
// provenance.json says that it is unfinished.
func (c *commit) commit() error {
	for _, f := range []func() error{c.mark, c.removeOld, c.removeObsolete, c.moveNew, c.finish} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// mark makes all affected folders unfinished.
func (c *commit) mark() error {
	folders := slices.Clone(c.todo.obsolete)
	for _, r := range c.todo.write {
		folders = append(folders, r.Folder)
	}
	slices.Sort(folders) // a folder before those in it
	for _, folder := range folders {
		if err := c.makeFolder(folder); err != nil {
			return err
		}
		file := path.Join(folder, artifact.ProvenanceFile)
		if c.todo.old[folder] == nil {
			if err := c.makeRoom(file, false); err != nil {
				return err
			}
		}
		if err := c.tree.rename(path.Join(c.stage, markDir, file), file); err != nil {
			return err
		}
	}
	return nil
}

// removeOld removes the published files that do not belong to the new publication.
func (c *commit) removeOld() error {
	for _, name := range slices.Sorted(maps.Keys(c.owned)) {
		if _, stays := c.added[name]; stays {
			continue
		}
		own, err := c.tree.holds(context.Background(), name, c.owned[name])
		if err != nil {
			return err
		}
		if own {
			if err := c.tree.remove(name); err != nil {
				return err
			}
			if err := c.prune(path.Dir(name)); err != nil {
				return err
			}
			continue
		}
		there, err := c.tree.exists(name)
		if err != nil {
			return err
		}
		if there {
			c.kept = append(c.kept, Kept{name, name})
		}
	}
	return nil
}

// prune removes folders inside of a report that have become empty.
func (c *commit) prune(dir string) error {
	for ; !c.isReport(dir); dir = path.Dir(dir) {
		empty, err := c.tree.isEmpty(dir)
		if err != nil || !empty {
			return err
		}
		if err := c.tree.remove(dir); err != nil {
			return err
		}
	}
	return nil
}

func (c *commit) isReport(dir string) bool {
	return c.todo.old[dir] != nil || dir == "."
}

// removeObsolete removes the folders of reports that are no longer part of the experiment, except
// for files of the user.
func (c *commit) removeObsolete() error {
	for _, folder := range c.todo.obsolete {
		if err := c.tree.remove(path.Join(folder, artifact.ProvenanceFile)); err != nil {
			return err
		}
		empty, err := c.tree.isEmpty(folder)
		if err != nil {
			return err
		}
		if empty {
			if err := c.tree.remove(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// moveNew moves the new files into place.
func (c *commit) moveNew() error {
	for _, name := range slices.Sorted(maps.Keys(c.added)) {
		if err := c.makeFolder(path.Dir(name)); err != nil {
			return err
		}
		if err := c.makeRoom(name, false); err != nil {
			return err
		}
		if err := c.tree.rename(path.Join(c.stage, newDir, name), name); err != nil {
			return err
		}
	}
	return nil
}

// finish gives each folder its final provenance.json.
func (c *commit) finish() error {
	for _, r := range c.todo.write {
		file := path.Join(r.Folder, artifact.ProvenanceFile)
		if err := c.tree.rename(path.Join(c.stage, newDir, file), file); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes a folder and those above it.
func (c *commit) makeFolder(dir string) error {
	if dir == "." {
		return nil
	}
	if err := c.makeFolder(path.Dir(dir)); err != nil {
		return err
	}
	if c.tree.isFolder(dir) {
		return nil
	}
	if err := c.makeRoom(dir, true); err != nil {
		return err
	}
	return c.tree.mkdir(dir)
}

// ours are the contents of a file that foil has published or will publish.
func (c *commit) ours(name string) []digest.File {
	contents := c.owned[name]
	if f, ok := c.added[name]; ok {
		contents = append(slices.Clone(contents), f)
	}
	return contents
}

// makeRoom makes a path free for a file or a folder. It removes what foil has published there, and
// moves anything else to another name. A file that will be replaced stays, so that there is always
// an old or a new one.
func (c *commit) makeRoom(name string, forFolder bool) error {
	there, err := c.tree.exists(name)
	if err != nil || !there {
		return err
	}
	own, err := c.tree.holds(context.Background(), name, c.ours(name))
	switch {
	case err != nil:
		return err
	case own && forFolder:
		delete(c.owned, name)
		return c.tree.remove(name)
	case own:
		return nil
	}
	for n := 1; ; n++ {
		as := keptName(name, n, forFolder)
		if _, taken := c.added[as]; taken {
			continue
		}
		if taken, err := c.tree.exists(as); err != nil {
			return err
		} else if taken {
			continue
		}
		if err := c.tree.rename(name, as); err != nil {
			return err
		}
		c.kept = append(c.kept, Kept{name, as})
		return nil
	}
}
