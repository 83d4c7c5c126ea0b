package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/tables"
	"foil/pipeline"
)

// terminalForm is the file of a report that is printed.
const terminalForm = "table.txt"

func isReport(n *pipeline.Node) bool { return n.Kind.Output == tables.TypeReport }

// publishReports prints the reports of a run and copies their files to
// DIR/NAME, or to DIR/NAME/CELL where a spec has several. It returns where.
func publishReports(out io.Writer, g *pipeline.Graph, result *pipeline.Result, dir string) ([]string, error) {
	var reports []*pipeline.Outcome
	count := 0
	for _, o := range result.Outcomes {
		if !isReport(o.Node) {
			continue
		}
		count++
		if o.Status == pipeline.WasHit || o.Status == pipeline.WasMade {
			reports = append(reports, o)
		}
	}
	var published []string
	var errs []error
	for i, o := range reports {
		to := filepath.Join(dir, g.Spec.Name)
		if count > 1 {
			to = filepath.Join(to, fileName(o.Node.ID))
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := publish(out, o.Artifact, to); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.Node.ID, err))
			continue
		}
		published = append(published, to)
	}
	return published, errors.Join(errs...)
}

// fileName makes a cell's name fit for every file system.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, id)
}

// publish copies the files of a report. Files that are the same already are left alone.
func publish(out io.Writer, a pipeline.Artifact, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range a.Files {
		path, err := a.Open(f)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if f.Name == terminalForm {
			if _, err := out.Write(content); err != nil {
				return err
			}
			continue
		}
		if err := writeIfChanged(filepath.Join(dir, filepath.FromSlash(f.Name)), content); err != nil {
			return err
		}
	}
	return nil
}

// writeIfChanged replaces a file at once or not at all.
func writeIfChanged(path string, content []byte) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".foil-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(content)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
