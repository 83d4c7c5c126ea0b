package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
)

// A keeper collects the keys that --keep names.
type keeper struct {
	keys     map[digest.Key]bool
	records  map[digest.Key]*store.Record // of the whole cache
	madeFrom map[digest.Key][]digest.Key  // what was made from a key's output
}

// kept are the keys of all that the experiments and reports of --keep need. Nil: none
// is named.
func (f *gcFlags) kept(ctx context.Context, c *disk.Cache) (map[digest.Key]bool, error) {
	if len(f.keep) == 0 {
		return nil, nil
	}
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	k := &keeper{keys: map[digest.Key]bool{}, records: map[digest.Key]*store.Record{}, madeFrom: map[digest.Key][]digest.Key{}}
	for _, e := range entries {
		if e.Record == nil {
			continue
		}
		k.records[e.Key] = e.Record
		for _, in := range e.Record.Inputs {
			k.madeFrom[in.Key] = append(k.madeFrom[in.Key], e.Key)
		}
	}
	for _, name := range f.keep {
		var err error
		if info, e := os.Stat(name); e == nil && info.IsDir() {
			err = k.reports(name)
		} else {
			err = f.keepExperiment(ctx, c, k, name)
		}
		if err != nil {
			return nil, fmt.Errorf("nothing was removed, since it is not known what %s needs: %w", name, err)
		}
	}
	return k.keys, nil
}

// keepExperiment keeps the cells of an experiment.
func (f *gcFlags) keepExperiment(ctx context.Context, c *disk.Cache, k *keeper, name string) error {
	opts, err := f.optionsFor(c)
	if err != nil {
		return err
	}
	g, err := (&experimentFlags{sets: f.sets}).load(name)
	if err != nil {
		return err
	}
	plan, err := g.Plan(ctx, opts)
	if err != nil {
		return err
	}
	found := false
	for _, cell := range plan.Cells {
		if cell.Key.IsZero() {
			continue // not known, as it depends on one that is missing
		}
		k.keys[cell.Key] = true
		if cell.Record == nil {
			// Lost, perhaps, while what was made from it is there and will be found
			// again, once this one has been made again.
			k.keepAll(cell.Key, func(key digest.Key) []digest.Key { return k.madeFrom[key] })
		}
		found = found || k.records[cell.Key] != nil
	}
	if !found {
		return errors.New("none of its cells is in the cache; if it was run with --set, --backend or --data, say that here, too")
	}
	return nil
}

// reports keeps what the reports that are published in a folder were made from.
func (k *keeper) reports(dir string) error {
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != provenanceFile {
			return err
		}
		found = true
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var p provenance
		if err := json.Unmarshal(text, &p); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		switch {
		case p.Key == nil:
			return fmt.Errorf("%s does not say of which key its report is; name the experiment instead", path)
		case k.records[*p.Key] == nil:
			return fmt.Errorf("%s is of a report (key %s) that is not in the cache; name the experiment instead", path, p.Key.Short())
		}
		k.keepAll(*p.Key, k.inputs)
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no %s in it, as published reports have", provenanceFile)
	}
	return err
}

// inputs are the keys that a key's work was made from.
func (k *keeper) inputs(key digest.Key) (inputs []digest.Key) {
	if r := k.records[key]; r != nil {
		for _, in := range r.Inputs {
			inputs = append(inputs, in.Key)
		}
	}
	return inputs
}

// keepAll keeps a key and all that next leads to from it. What is kept already is
// followed, too: it may have been for another reason.
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
