package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/artifact"
	"foil/internal/numeric"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/run"
)

func isReport(n *graph.Node) bool { return n.Output == artifact.TypeReport }

// A Publisher prints the reports of a run and copies their files to a folder.
type Publisher struct {
	View    *View
	Result  *run.Result
	Dir     string    // reports go to Dir/NAME, or Dir/NAME/CELL where a spec has several
	Command []string  // for the provenance
	Sets    []string  // for the provenance
	Out     io.Writer // for the file of a report that is printed
	Notes   []string  // set by Publish: what the user should know about the reports
}

// Publish returns the folders of the reports. A report has the same folder in a run of the whole
// graph and of a part.
func (p *Publisher) Publish() (folders []string, err error) {
	g := p.View.Plan.Graph
	several := len(reports(cmp.Or(g.Whole, g))) > 1
	from := p.View.provenance(p.Result, p.Command, p.Sets)
	var errs []error
	first := true
	for _, n := range reports(g) {
		o := p.Result.Of(n.ID)
		if o.Status != run.WasHit && o.Status != run.WasMade {
			continue
		}
		to := filepath.Join(p.Dir, g.Spec.Name)
		if several {
			to = filepath.Join(to, fileName(n.ID))
		}
		if !first {
			fmt.Fprintln(p.Out)
		}
		first = false
		if from.Report = n.ID; o.Record != nil {
			from.Key = &o.Record.Key
		}
		from.Numeric = computedWith(n, p.Result)
		if from.Mixed = numeric.Mixed(from.Numeric); from.Mixed != "" {
			p.Notes = append(p.Notes, fmt.Sprintf("%s: %s", n.ID, from.Mixed))
		}
		if err := p.publish(o.Artifact, n.Kind.Printed, to, from); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", n.ID, err))
			continue
		}
		folders = append(folders, to)
	}
	return folders, errors.Join(errs...)
}

func reports(g *graph.Graph) (list []*graph.Node) {
	for _, n := range g.Nodes {
		if isReport(n) {
			list = append(list, n)
		}
	}
	return list
}

// fileName replaces the characters of a cell's name that a file system may refuse.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, id)
}

// publish prints one file of a report and copies the others. It does not change a folder that
// already has all files, so that the provenance still names the run that made the report.
func (p *Publisher) publish(a pipeline.Artifact, printed, dir string, from Provenance) error {
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
	// Print first, because the folder may not be writable.
	if _, err := p.Out.Write(content[printed]); err != nil {
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
		return nil
	}
	return errors.Join(from.write(dir), writeCosts(dir, p.Result))
}
