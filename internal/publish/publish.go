package publish

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"foil/internal/artifact"
	"foil/internal/digest"
)

// A Publication is all that a run publishes of an experiment.
type Publication struct {
	Results string   // the folder of all experiments
	Folder  string   // of this experiment, in Results
	Reports []Report // that were made

	// Spared are the folders of reports that belong to the experiment and were not made this time.
	// They stay as they are.
	Spared []string

	hooks hooks
}

// A Report is what is published in one folder.
type Report struct {
	Folder string // Publication.Folder, or a folder in it
	Cell   string // that made it
	Key    digest.Key
	Files  []digest.File
	Open   func(digest.File) (path string, err error)
	Costs  []byte // the content of costs.csv

	// Provenance returns the content of provenance.json, which includes a Manifest.
	Provenance func(Manifest) any
}

// A Result is what a publication did.
type Result struct {
	Kept    []Kept   // files of the user that are in the way or would have been removed
	Earlier []string // spared folders that hold a report of an earlier run
}

// Kept is a file, folder or link that belongs to the user.
type Kept struct {
	Path string // below the results folder
	As   string // the new path; the same if it did not have to make room
}

// Check returns an error if a report cannot be published because of the names of its files.
func (r *Report) Check() error { return checkReport(r.Files) }

// Manifest returns the manifest of the published report.
func (r *Report) Manifest() Manifest {
	costs := digest.File{Name: artifact.CostsFile, Digest: digest.Of(r.Costs), Size: int64(len(r.Costs))}
	return Manifest{Report: r.Cell, Key: r.Key, Folder: r.Folder, Files: append(slices.Clone(r.Files), costs)}
}

// Publish writes the reports, and removes what earlier publications of the experiment left and this
// one does not have. It changes nothing in the folder of a report that is there already, so that
// the provenance still names the run that made it. After an error, and after ctx has ended, each
// folder holds what it held before, or its provenance says that it is unfinished.
func (p *Publication) Publish(ctx context.Context) (*Result, error) {
	if len(p.Reports) == 0 || ctx.Err() != nil {
		return &Result{}, ctx.Err()
	}
	for _, r := range p.Reports {
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Cell, err)
		}
	}
	result, err := p.publish(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("writing the reports to %s (--results names another folder): %w", filepath.Join(p.Results, p.Folder), err)
	}
	return result, nil
}

func (p *Publication) publish(ctx context.Context) (*Result, error) {
	root, err := os.OpenRoot(p.Results)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(p.Results, 0o777); err == nil {
			root, err = os.OpenRoot(p.Results)
		}
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	t := newTree(root, p.hooks)

	// The folder may be read-only, so nothing is written, also no lock, if everything is there.
	todo, err := p.compare(ctx, t)
	if err != nil {
		return nil, err
	}
	if todo.isEmpty() {
		t.tidy(p.Folder)
		return todo.result(), nil
	}
	work, err := t.lockWork(ctx, p.Folder)
	if err != nil {
		return nil, err
	}
	defer work.close()
	if err := work.clean(); err != nil {
		return nil, err
	}
	if todo, err = p.compare(ctx, t); err != nil {
		return nil, err
	}
	if todo.isEmpty() {
		return todo.result(), nil // another publication was faster
	}
	stage := path.Join(work.name, rand.Text())
	defer t.removeAll(stage)
	c, err := prepare(ctx, t, stage, todo)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if err := c.commit(); err != nil {
		return nil, fmt.Errorf("%w; if a report is unfinished, its provenance.json says so, and the next run completes it", err)
	}
	r := todo.result()
	r.Kept = c.kept
	return r, nil
}

// A difference is what a publication has to do.
type difference struct {
	write    []*Report            // sorted by folder
	obsolete []string             // folders of reports that are no longer part of the experiment
	old      map[string]*Manifest // the manifests of these folders, as far as they have any
	earlier  []string
}

func (d *difference) isEmpty() bool { return len(d.write)+len(d.obsolete) == 0 }

func (d *difference) result() *Result { return &Result{Earlier: d.earlier} }

// compare finds out what a publication has to do.
func (p *Publication) compare(ctx context.Context, t tree) (*difference, error) {
	d := &difference{old: map[string]*Manifest{}}
	all, err := p.manifests(t)
	if err != nil {
		return nil, err
	}
	for i := range p.Reports {
		r := &p.Reports[i]
		m := all[r.Folder]
		delete(all, r.Folder)
		same, err := t.isPublished(ctx, m, r)
		if err != nil {
			return nil, err
		}
		if !same {
			d.write = append(d.write, r)
			if m != nil {
				d.old[r.Folder] = m
			}
		}
	}
	for folder, m := range all {
		if slices.Contains(p.Spared, folder) {
			d.earlier = append(d.earlier, folder)
			continue
		}
		d.obsolete = append(d.obsolete, folder)
		d.old[folder] = m
	}
	slices.SortFunc(d.write, func(a, b *Report) int { return strings.Compare(a.Folder, b.Folder) })
	slices.Sort(d.obsolete)
	slices.Sort(d.earlier)
	return d, nil
}

// manifests returns the manifests of all folders that foil has published for the experiment.
func (p *Publication) manifests(t tree) (map[string]*Manifest, error) {
	all := map[string]*Manifest{}
	add := func(folder string) error {
		m, err := t.readManifest(folder)
		if m != nil {
			all[folder] = m
		}
		return err
	}
	if !t.isFolder(p.Folder) {
		return all, nil
	}
	if err := add(p.Folder); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(t.root.FS(), p.Folder)
	if err != nil && !isMissing(err) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() {
			// Some file systems change the form of accents.
			if err := add(path.Join(p.Folder, norm.NFC.String(e.Name()))); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// isPublished reports whether a folder holds a report, as its manifest says, and nothing is
// unfinished.
func (t tree) isPublished(ctx context.Context, m *Manifest, r *Report) (bool, error) {
	if m == nil || m.Unfinished != "" || m.Key != r.Key {
		return false, nil
	}
	files := slices.DeleteFunc(slices.Clone(m.Files), func(f digest.File) bool { return f.Name == artifact.CostsFile })
	if len(files) == len(m.Files) || !sameFiles(files, r.Files) {
		return false, nil
	}
	for _, f := range m.Files {
		if same, err := t.holds(ctx, path.Join(r.Folder, f.Name), []digest.File{f}); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}
