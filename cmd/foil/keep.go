package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/cache"
)

// A keeper collects the keys that --keep names.
type keeper struct {
	keys     map[cache.Key]bool
	records  map[cache.Key]*cache.Record // of the whole cache
	madeFrom map[cache.Key][]cache.Key   // what was made from a key's output
}

// kept are the keys of all that the experiments and reports of --keep need. Nil: none
// is named.
func (f *gcFlags) kept(ctx context.Context, c *cache.Cache) (map[cache.Key]bool, error) {
	if len(f.keep) == 0 {
		return nil, nil
	}
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	k := &keeper{keys: map[cache.Key]bool{}, records: map[cache.Key]*cache.Record{}, madeFrom: map[cache.Key][]cache.Key{}}
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
		keep := f.experiment
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			keep = func(_ context.Context, _ *cache.Cache, k *keeper, dir string) error { return k.reports(dir) }
		}
		if err := keep(ctx, c, k, name); err != nil {
			return nil, fmt.Errorf("nothing was removed, since it is not known what %s needs: %w", name, err)
		}
	}
	return k.keys, nil
}

// experiment keeps the cells of an experiment.
func (f *gcFlags) experiment(ctx context.Context, c *cache.Cache, k *keeper, name string) error {
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
			k.descendants(cell.Key)
		}
		found = found || k.records[cell.Key] != nil
	}
	if !found {
		return errors.New("none of its cells is in the cache; if it was run with --set, --backend or --data, say that here, too")
	}
	return nil
}

// descendants keeps all that was made from a key, directly or not.
func (k *keeper) descendants(key cache.Key) {
	for _, made := range k.madeFrom[key] {
		if !k.keys[made] {
			k.keys[made] = true
			k.descendants(made)
		}
	}
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
		k.ancestors(*p.Key)
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no %s in it, as published reports have", provenanceFile)
	}
	return err
}

// ancestors keeps a key and all that it was made from.
func (k *keeper) ancestors(key cache.Key) {
	if k.keys[key] {
		return
	}
	k.keys[key] = true
	if r := k.records[key]; r != nil {
		for _, in := range r.Inputs {
			k.ancestors(in.Key)
		}
	}
}
