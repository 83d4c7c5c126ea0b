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
	return gatheredWith(t, fold, nil, metrics...)
}

// gatheredWith makes an artifact of metrics and, unless o is nil, of the outcomes that they are made of.
func gatheredWith(t *testing.T, fold int64, o *artifact.Outcomes, metrics ...artifact.Metric) pipeline.GatheredCell {
	t.Helper()
	dir := t.TempDir()
	if o != nil {
		var b bytes.Buffer
		if err := artifact.WriteOutcomes(&b, o); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "outcomes.arrow"), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
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

// withOutcomes are cells of two models, in each of which users have outcomes.
func withOutcomes(t *testing.T) *pipeline.Cell {
	t.Helper()
	var cells []pipeline.GatheredCell
	for fold := range int64(2) {
		for i, model := range []string{"base", "worse"} {
			o := &artifact.Outcomes{Unit: artifact.UnitUser, Parts: []artifact.OutcomePart{{Split: "test", Rows: 40}}}
			series := artifact.OutcomeSeries{Name: "ndcg", K: 10}
			sum := 0.0
			for u := range 40 {
				v := float64(u%5)/10 - float64(i)*float64(1+u%3)/20
				o.Units, series.Values, sum = append(o.Units, int32(40*int(fold)+u)), append(series.Values, v), sum+v
			}
			o.Series = append(o.Series, series)
			c := gatheredWith(t, fold, o, artifact.Metric{Name: "ndcg", K: 10, Split: "test", Value: sum / 40})
			c.Axes = append(c.Axes, pipeline.AxisValue{Axis: "model", Value: spec.Value{Type: spec.String, Str: model}})
			cells = append(cells, c)
		}
	}
	return &pipeline.Cell{ID: "table", OutDir: t.TempDir(), Gathered: map[string][]pipeline.GatheredCell{"utility": cells}}
}

func comparedLayout() *report.Layout {
	l := tableLayout()
	l.Columns[0].Better = "higher"
	where := func(model string) map[string]spec.Value {
		return map[string]spec.Value{"model": {Type: spec.String, Str: model}}
	}
	l.Tables = []report.TableLayout{{Title: "All", Rows: []report.RowLayout{{Name: "base", Where: where("base")}, {Name: "worse", Where: where("worse")}}}}
	l.Compare = &report.Compare{To: "base", Test: "randomisation", Correct: "holm", Level: 0.95}
	return l
}

func TestTableUsesOutcomes(t *testing.T) {
	cell := withOutcomes(t)
	if err := Table().Run(t.Context(), cell, comparedLayout()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"table.txt": "Differences from base",
		"table.md":  "| base | **0.200 ± 0.032** |",
		"table.csv": ",80,",
		"table.tex": `\pm 0.033{}^{\dagger}`,
	} {
		got, err := os.ReadFile(filepath.Join(cell.OutDir, name))
		if err != nil || !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s: no %q (%v) in\n%s", name, want, err, got)
		}
	}
}

func TestBrokenOutcomesNameTheirCell(t *testing.T) {
	cell := withOutcomes(t)
	path, err := cell.Gathered["utility"][3].Artifact.Path("outcomes.arrow")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 20); err != nil {
		t.Fatal(err)
	}
	if err := Table().Run(t.Context(), cell, comparedLayout()); err == nil || !strings.Contains(err.Error(), "utility[fold=1,model=worse]: outcomes.arrow: ") {
		t.Errorf("got %v", err)
	}
	// Nothing needs them where pairs are folds and deviations are over folds.
	l := comparedLayout()
	l.Interval, l.Compare.Paired = "sd", []string{"fold"}
	if err := Table().Run(t.Context(), cell, l); err != nil {
		t.Error(err)
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

func TestCaptionsHaveTheNotesOfCells(t *testing.T) {
	write := func(text string) *pipeline.Cell {
		t.Helper()
		cell := newCell(t)
		g := &cell.Gathered["utility"][1]
		path, err := g.Artifact.Path("metrics.arrow")
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(path)
		if err := os.WriteFile(filepath.Join(dir, artifact.NotesFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if g.Artifact, err = pipeline.DirArtifact(dir); err != nil {
			t.Fatal(err)
		}
		return cell
	}
	cell := write(`["Read with care."]`)
	if err := Table().Run(t.Context(), cell, tableLayout()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"table.md", "table.txt", "table.tex", "report.html"} {
		text, err := os.ReadFile(filepath.Join(cell.OutDir, file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "Read with care.") {
			t.Errorf("%s does not have the note", file)
		}
	}
	if err := Table().Run(t.Context(), write(`{"note": 1}`), tableLayout()); err == nil || !strings.HasPrefix(err.Error(), "utility[fold=1]: notes.json: ") {
		t.Errorf("got %v", err)
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
