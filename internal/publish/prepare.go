package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"foil/internal/artifact"
	"foil/internal/digest"
)

// Folders in the stage, which is a folder in the work folder. Both have the paths of the results
// folder.
const (
	newDir  = "new"        // the files to publish
	markDir = "unfinished" // for each affected folder, the provenance.json that it has meanwhile
)

// prepare writes everything that will be needed to the stage, so that a full disk is noticed before
// anything changes.
func prepare(ctx context.Context, t tree, stage string, todo *difference) (*commit, error) {
	c := &commit{tree: t, todo: todo, stage: stage, owned: map[string][]digest.File{}, added: map[string]digest.File{}}
	for folder, m := range todo.old {
		for _, f := range m.Files {
			name := path.Join(folder, f.Name)
			c.owned[name] = append(c.owned[name], f)
		}
	}
	for _, r := range todo.write {
		if err := c.prepare(ctx, r); err != nil {
			return nil, err
		}
	}
	for _, folder := range todo.obsolete {
		if err := c.prepareMark(ctx, Manifest{Folder: folder}); err != nil {
			return nil, err
		}
	}
	return c, c.lookAhead(ctx)
}

// lookAhead reads the files that the commit will compare, because the commit does not stop for
// Ctrl-C.
func (c *commit) lookAhead(ctx context.Context) error {
	names := slices.AppendSeq(slices.Collect(maps.Keys(c.owned)), maps.Keys(c.added))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if _, err := c.tree.holds(ctx, name, c.ours(name)); err != nil {
			return err
		}
	}
	return nil
}

// prepare writes the files of a report to the stage.
func (c *commit) prepare(ctx context.Context, r *Report) error {
	for _, f := range r.Files {
		if err := c.copyFile(ctx, r, f); err != nil {
			return err
		}
	}
	m := r.Manifest()
	provenance, err := jsonText(r.Provenance(m))
	if err != nil {
		return err
	}
	if err := c.prepareMark(ctx, m); err != nil {
		return err
	}
	for name, text := range map[string][]byte{artifact.CostsFile: r.Costs, artifact.ProvenanceFile: provenance} {
		if _, err := c.write(ctx, path.Join(newDir, r.Folder, name), bytes.NewReader(text)); err != nil {
			return err
		}
	}
	for _, f := range m.Files {
		c.added[path.Join(r.Folder, f.Name)] = f
	}
	return nil
}

func (c *commit) copyFile(ctx context.Context, r *Report, f digest.File) error {
	from, err := r.Open(f)
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	wrote, err := c.write(ctx, path.Join(newDir, r.Folder, f.Name), in)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: this file system does not distinguish the name of %s from that of another file: %w", r.Cell, f.Name, err)
	}
	if err == nil && (wrote.Digest != f.Digest || wrote.Size != f.Size) {
		return fmt.Errorf("%s: the content of %s changed while it was copied from the cache; run again", r.Cell, f.Name)
	}
	return err
}

// prepareMark writes the provenance.json that a folder has during the publication. It lists the
// files before and after.
func (c *commit) prepareMark(ctx context.Context, m Manifest) error {
	m.Unfinished, m.Key = unfinished, digest.Key{}
	if old := c.todo.old[m.Folder]; old != nil {
		for _, f := range old.Files {
			if !slices.Contains(m.Files, f) {
				m.Files = append(m.Files, f)
			}
		}
	}
	text, err := jsonText(m)
	if err != nil {
		return err
	}
	_, err = c.write(ctx, path.Join(markDir, m.Folder, artifact.ProvenanceFile), bytes.NewReader(text))
	return err
}

// write writes a file of the stage, and the folders that it needs.
func (c *commit) write(ctx context.Context, name string, content io.Reader) (digest.File, error) {
	name = path.Join(c.stage, name)
	if err := c.mkdirs(path.Dir(name)); err != nil {
		return digest.File{}, err
	}
	return c.tree.create(ctx, name, content)
}

func (c *commit) mkdirs(dir string) error {
	if c.tree.isFolder(dir) {
		return nil
	}
	if err := c.mkdirs(path.Dir(dir)); err != nil {
		return err
	}
	return c.tree.mkdir(dir)
}

func jsonText(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
