package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/numeric"
	"foil/internal/publish"
	"foil/internal/report/render"
	"foil/pipeline/graph"
	"foil/pipeline/run"
)

func isReport(n *graph.Node) bool { return n.Output == artifact.TypeReport }

// A Publisher copies the reports of a run to a folder and prints them.
type Publisher struct {
	View    *View
	Result  *run.Result
	Dir     string   // reports go to Dir/NAME, or Dir/NAME/CELL where a spec has several
	Command []string // for the provenance
	Sets    []string // of the Experiment; with Sets or Only, the run is a variant with its own folder
	Width   int      // of the terminal that Print writes to; 0: it is none
	Only    []string
}

// Published is what Publish did.
type Published struct {
	Reports []PublishedReport
	Notes   []string // what the user should know about reports and other files
}

// A PublishedReport is a report in its folder.
type PublishedReport struct {
	Outcome *run.Outcome // of its cell
	Folder  string
	Files   []digest.File // without provenance.json
}

// Publish writes the files of the reports that the run has. A report has the same folder in a run
// of the whole graph and of a part. An interrupted run publishes nothing.
func (p *Publisher) Publish(ctx context.Context) (*Published, error) {
	g := p.View.Plan.Graph
	whole := cellNames(reports(cmp.Or(g.Whole, g)))
	folders := publish.FolderNames(whole)
	top := variantFolder(g.Spec.Name, p.Sets, p.Only)
	to := publish.Publication{Results: p.Dir, Folder: top}
	costs, err := costsText(p.Result)
	if err != nil {
		return nil, err
	}
	from := p.View.provenance(p.Result, p)
	made := p.made()
	var errs []error
	var notes []string
	for _, n := range reports(g) {
		folder := top
		if len(whole) > 1 {
			folder = path.Join(top, folders[n.ID])
		}
		o := made[n]
		if o == nil {
			to.Spared = append(to.Spared, folder)
			continue
		}
		computed := computedWith(n, p.Result)
		if mixed := numeric.Mixed(computed); mixed != "" {
			notes = append(notes, fmt.Sprintf("%s was %s", n.ID, mixed))
		}
		r := publish.Report{
			Folder: folder, Cell: n.ID, Key: o.Key, Costs: costs, Open: o.Artifact.Open,
			Provenance: func(m publish.Manifest) any { return from.with(m, computed) },
		}
		for _, f := range o.Artifact.Files {
			if f.Name != n.Kind.Printed {
				r.Files = append(r.Files, f)
			}
		}
		if err := r.Check(); err != nil {
			errs = append(errs, fmt.Errorf("%s was not published: %w", n.ID, err))
			to.Spared = append(to.Spared, folder)
			continue
		}
		to.Reports = append(to.Reports, r)
	}
	result, err := to.Publish(ctx)
	if err != nil {
		return &Published{}, errors.Join(append(errs, err)...)
	}
	done := &Published{Notes: append(notes, p.notes(result)...)}
	for _, r := range to.Reports {
		done.Reports = append(done.Reports, PublishedReport{
			Outcome: p.Result.Of(r.Cell),
			Folder:  filepath.Join(p.Dir, filepath.FromSlash(r.Folder)),
			Files:   r.Manifest().Files,
		})
	}
	return done, errors.Join(errs...)
}

func reports(g *graph.Graph) (list []*graph.Node) {
	for _, n := range g.Nodes {
		if isReport(n) {
			list = append(list, n)
		}
	}
	return list
}

func cellNames(nodes []*graph.Node) (names []string) {
	for _, n := range nodes {
		names = append(names, n.ID)
	}
	return names
}

// made returns the outcomes of the cells that have an output.
func (p *Publisher) made() map[*graph.Node]*run.Outcome {
	made := map[*graph.Node]*run.Outcome{}
	for _, o := range p.Result.Outcomes {
		if o.Status == run.WasHit || o.Status == run.WasMade {
			made[o.Node] = o
		}
	}
	return made
}

// notes describes what a publication did not replace or remove.
func (p *Publisher) notes(r *publish.Result) (notes []string) {
	in := func(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }
	for _, k := range r.Kept {
		if k.As == k.Path {
			notes = append(notes, fmt.Sprintf("%s stays, because it was changed after foil wrote it; it does not belong to the new report", in(k.Path)))
		} else {
			notes = append(notes, fmt.Sprintf("%s was not as foil wrote it; it is %s now", in(k.Path), in(k.As)))
		}
	}
	for _, folder := range r.Earlier {
		notes = append(notes, in(folder)+" still holds the report of an earlier run")
	}
	return notes
}

// Print writes the file of each report that is for the terminal.
func (p *Publisher) Print(out io.Writer) error {
	made := p.made()
	first := true
	for _, n := range reports(p.View.Plan.Graph) {
		o := made[n]
		if o == nil || !o.Artifact.Has(n.Kind.Printed) {
			continue
		}
		if !first {
			if _, err := fmt.Fprintln(out); err != nil {
				return err
			}
		}
		first = false
		file, err := o.Artifact.Path(n.Kind.Printed)
		if err != nil {
			return fmt.Errorf("printing %s: %w", n.ID, err)
		}
		if p.Width > 0 && !n.Kind.RunsProgram {
			err = fitTo(out, file, p.Width)
		} else {
			err = copyTo(out, file)
		}
		if err != nil {
			return fmt.Errorf("printing %s: %w", n.ID, err)
		}
	}
	return nil
}

// fitTo writes a text of foil's own reports for a terminal.
func fitTo(out io.Writer, file string, width int) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, render.Fit(string(text), width))
	return err
}

func copyTo(out io.Writer, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(out, in)
	return err
}
