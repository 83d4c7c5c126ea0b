package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/publish"
	"foil/internal/store"
	"foil/internal/store/disk"
)

// Kept returns the keys of a cache that experiments, with sets, and published reports
// depend on. A name is that of a folder with reports, or of an experiment. The result is
// nil if there are no names.
func (s Setup) Kept(ctx context.Context, c *disk.Cache, names, sets []string) (map[digest.Key]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	k, err := newKeeper(c)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		var err error
		if info, e := os.Stat(name); e == nil && info.IsDir() {
			err = k.keepReports(name)
		} else {
			err = k.keepExperiment(ctx, s, c, Experiment{Name: name, Sets: sets})
		}
		if err != nil {
			return nil, fmt.Errorf("nothing was removed, because the dependencies of %s are not known: %w", name, err)
		}
	}
	return k.keys, nil
}

// A keeper collects keys.
type keeper struct {
	keys    map[digest.Key]bool
	records map[digest.Key]*store.Record // of the whole cache
	users   map[digest.Key][]digest.Key  // by key: the keys of the work that read its output
}

func newKeeper(c *disk.Cache) (*keeper, error) {
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	k := &keeper{keys: map[digest.Key]bool{}, records: map[digest.Key]*store.Record{}, users: map[digest.Key][]digest.Key{}}
	for _, e := range entries {
		if e.Record == nil {
			continue
		}
		k.records[e.Key] = e.Record
		for _, in := range e.Record.Inputs {
			k.users[in.Key] = append(k.users[in.Key], e.Key)
		}
	}
	return k, nil
}

// keepExperiment keeps the cells of an experiment.
func (k *keeper) keepExperiment(ctx context.Context, s Setup, c *disk.Cache, e Experiment) error {
	g, err := e.Load()
	if err != nil {
		return err
	}
	v, err := s.View(ctx, g, c)
	if err != nil {
		return err
	}
	found := false
	for _, cell := range v.Plan.Cells {
		if cell.Key.IsZero() {
			continue // the key is not known, because a dependency is missing
		}
		k.keys[cell.Key] = true
		if cell.Record == nil {
			// The record may be lost while results that were made from it still exist. They are
			// hits again after this cell has been made again.
			k.keepAll(cell.Key, func(key digest.Key) []digest.Key { return k.users[key] })
		}
		found = found || k.records[cell.Key] != nil
	}
	if !found {
		return errors.New("none of its cells is cached; if it was run with --set, --backend or --data, use the same flags here")
	}
	return nil
}

// keepReports keeps the results that the published reports of a folder were made from.
func (k *keeper) keepReports(dir string) error {
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), publish.WorkPrefix):
			return fs.SkipDir // an interrupted publication
		case d.Name() != artifact.ProvenanceFile:
			return nil
		}
		found = true
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var p Provenance
		if err := json.Unmarshal(text, &p); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		switch {
		case p.Unfinished != "":
			return fmt.Errorf("%s: %s; or name the experiment instead", path, p.Unfinished)
		case p.Key.IsZero():
			return fmt.Errorf("%s does not name the key of its report; name the experiment instead", path)
		case k.records[p.Key] == nil:
			return fmt.Errorf("%s belongs to a report (key %s) that is not cached; name the experiment instead", path, p.Key.Short())
		}
		k.keepAll(p.Key, k.inputs)
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("it contains no %s, which every published report has", artifact.ProvenanceFile)
	}
	return err
}

// inputs are the keys of the inputs of a key's work.
func (k *keeper) inputs(key digest.Key) (inputs []digest.Key) {
	if r := k.records[key]; r != nil {
		for _, in := range r.Inputs {
			inputs = append(inputs, in.Key)
		}
	}
	return inputs
}

// keepAll keeps a key and all keys that next reaches from it. It also follows keys that are already
// kept, because they may be kept without their inputs.
func (k *keeper) keepAll(key digest.Key, next func(digest.Key) []digest.Key) {
	seen := map[digest.Key]bool{key: true}
	for todo := []digest.Key{key}; len(todo) > 0; {
		key, todo = todo[0], todo[1:]
		k.keys[key] = true
		for _, n := range next(key) {
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
}
