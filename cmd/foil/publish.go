package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/artifact"
	"foil/pipeline"
)

func isReport(n *pipeline.Node) bool { return n.Output == artifact.TypeReport }

// publishReports prints the reports of a run and copies their files to
// DIR/NAME, or to DIR/NAME/CELL where a spec has several: also in a run of only
// one of them, so that each has one place. It returns where.
func publishReports(out io.Writer, g *pipeline.Graph, result *pipeline.Result, dir string, from origin) ([]string, error) {
	var reports []*pipeline.Outcome
	for _, o := range result.Outcomes {
		if isReport(o.Node) && (o.Status == pipeline.WasHit || o.Status == pipeline.WasMade) {
			reports = append(reports, o)
		}
	}
	several := countReports(cmp.Or(g.Whole, g)) > 1
	var published []string
	var errs []error
	for i, o := range reports {
		to := filepath.Join(dir, g.Spec.Name)
		if several {
			to = filepath.Join(to, fileName(o.Node.ID))
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		if from.Report = o.Node.ID; o.Record != nil {
			from.Key = &o.Record.Key
		}
		if err := publish(out, o.Artifact, o.Node.Kind.Printed, to, from); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.Node.ID, err))
			continue
		}
		published = append(published, to)
	}
	return published, errors.Join(errs...)
}

func countReports(g *pipeline.Graph) int {
	count := 0
	for _, n := range g.Nodes {
		if isReport(n) {
			count++
		}
	}
	return count
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

// publish prints one file of a report and copies the others. Files that are the same
// already are left alone.
func publish(out io.Writer, a pipeline.Artifact, printed, dir string, from origin) error {
	content := map[string][]byte{}
	for _, f := range a.Files {
		path, err := a.Open(f)
		if err != nil {
			return err
		}
		if content[f.Name], err = os.ReadFile(path); err != nil {
			return err
		}
	}
	// First what people wait for: the folder may turn out not to be writable.
	if _, err := out.Write(content[printed]); err != nil {
		return err
	}
	changed := false
	for _, f := range a.Files {
		if f.Name == printed {
			continue
		}
		wrote, err := writeIfChanged(filepath.Join(dir, filepath.FromSlash(f.Name)), content[f.Name])
		changed = changed || wrote
		if err != nil {
			return fmt.Errorf("copying the report to %s (--results names another folder): %w", dir, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, provenanceFile)); err == nil && !changed {
		return nil // a second run of the same is not where the report comes from
	}
	return from.write(dir)
}

// writeIfChanged replaces a file at once or not at all, and says whether it had to.
func writeIfChanged(path string, content []byte) (wrote bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, err
	}
	err = replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	return err == nil, err
}
