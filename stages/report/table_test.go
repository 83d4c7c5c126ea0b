package report

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/report"
	"foil/pipeline"
	"foil/spec"
)

// gathered makes an artifact of the metrics in a folder of its own.
func gathered(t *testing.T, fold int64, metrics ...artifact.Metric) pipeline.GatheredCell {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "metrics.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	if err := artifact.WriteMetrics(f, metrics); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(dir)
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.GatheredCell{
		Axes:     []pipeline.AxisValue{{Axis: "fold", Value: spec.Value{Type: spec.Int, Int: fold}}},
		Artifact: a,
	}
}

func tableLayout() *report.Layout {
	l := report.LayoutParams.New()
	l.Over = []string{"fold"}
	l.Columns = []report.Column{{Title: "NDCG@10", Selector: report.Selector{From: "utility", Metric: "ndcg"}, K: 10, Digits: 3}}
	l.Tables = []report.TableLayout{{Title: "All", Rows: []report.RowLayout{{Name: "MultVAE"}}}}
	return l
}

func newCell(t *testing.T) *pipeline.Cell {
	t.Helper()
	return &pipeline.Cell{
		ID:     "table",
		OutDir: t.TempDir(),
		Gathered: map[string][]pipeline.GatheredCell{"utility": {
			gathered(t, 0, artifact.Metric{Name: "ndcg", K: 10, Split: "test", Value: 0.4}),
			gathered(t, 1, artifact.Metric{Name: "ndcg", K: 10, Split: "test", Value: 0.6}),
		}},
	}
}

func TestTableWritesEveryForm(t *testing.T) {
	cell := newCell(t)
	if err := Table().Run(t.Context(), cell, tableLayout()); err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) != len(tableForms) {
		t.Errorf("%d files of %d forms", len(a.Files), len(tableForms))
	}
	for name, want := range map[string]string{
		"table.txt":   "MultVAE  0.500 ± 0.141",
		"table.md":    "| MultVAE | 0.500 ± 0.141 |",
		"table.csv":   "All,MultVAE,model,NDCG@10,0.5,0.141421356237309",
		"table.tex":   `MultVAE & $0.500 \pm 0.141$ \\`,
		"report.html": cell.Gathered["utility"][0].Artifact.Digest().Short(),
	} {
		got, err := os.ReadFile(filepath.Join(cell.OutDir, name))
		if err != nil || !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s: no %q (%v) in\n%s", name, want, err, got)
		}
		if !slices.ContainsFunc(Table().Files, func(f pipeline.FileDoc) bool { return f.Name == name }) {
			t.Errorf("%s is not documented", name)
		}
	}
}

func TestSameInputsGiveTheSameReport(t *testing.T) {
	var digests []string
	for _, id := range []string{"table", "renamed"} {
		cell := newCell(t) // in other folders
		cell.ID = id
		if err := Table().Run(t.Context(), cell, tableLayout()); err != nil {
			t.Fatal(err)
		}
		a, err := pipeline.DirArtifact(cell.OutDir)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, a.Digest().String())
	}
	if digests[0] != digests[1] {
		t.Errorf("got %v", digests)
	}
}

func TestBrokenMetricsNameTheirCell(t *testing.T) {
	cell := newCell(t)
	g := cell.Gathered["utility"][1]
	path, err := g.Artifact.Path("metrics.arrow")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 20); err != nil {
		t.Fatal(err)
	}
	if err := Table().Run(t.Context(), cell, tableLayout()); err == nil || !strings.HasPrefix(err.Error(), "utility[fold=1]: ") {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(cell.OutDir); len(entries) > 0 {
		t.Errorf("files were written: %v", entries)
	}
}

func TestTableStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Table().Run(ctx, newCell(t), tableLayout()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnusedGatherIsLogged(t *testing.T) {
	cell := newCell(t)
	cell.Gathered["privacy"] = nil
	var log bytes.Buffer
	cell.OnLog = &log
	if err := Table().Run(t.Context(), cell, tableLayout()); err != nil {
		t.Fatal(err)
	}
	if log.String() != "privacy is gathered, but no column uses it\n" {
		t.Errorf("got %q", log.String())
	}
}
