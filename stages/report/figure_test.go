package report

import (
	"bytes"
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

func figuresLayout() *report.FiguresLayout {
	l := report.FiguresLayoutParams.New()
	l.Over = []string{"fold"}
	l.Figures = []report.FigureLayout{
		{Title: "Training", X: report.AxisLayout{Label: "epoch"}, Y: report.AxisLayout{Label: "loss"}, Lines: []report.LineLayout{{Name: "MultVAE", Selector: report.Selector{From: "training", Metric: "loss"}}}},
		{Title: "The same", X: report.AxisLayout{Label: "epoch"}, Y: report.AxisLayout{Label: "loss"}, Lines: []report.LineLayout{{Name: "MultVAE", Selector: report.Selector{From: "training", Metric: "loss"}}}},
	}
	return l
}

func newFigureCell(t *testing.T) *pipeline.Cell {
	t.Helper()
	curve := func(by float64) []artifact.Metric {
		return []artifact.Metric{{Name: "loss", K: 1, Value: 2 + by}, {Name: "loss", K: 2, Value: 1 + by}}
	}
	return &pipeline.Cell{
		ID:     "figure",
		OutDir: t.TempDir(),
		Gathered: map[string][]pipeline.GatheredCell{"training": {
			gathered(t, 0, curve(0)...), gathered(t, 1, curve(0.5)...),
		}},
	}
}

func TestFigureWritesEveryForm(t *testing.T) {
	cell := newFigureCell(t)
	if err := Figure().Run(t.Context(), cell, figuresLayout()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"figure.txt":     "MultVAE  2.25 ± 0.35  1.25 ± 0.35",
		"figure.csv":     "Training,MultVAE,1,2.25,0.3535533905932738,2",
		"report.html":    cell.Gathered["training"][0].Artifact.Digest().Short(),
		"1-training.svg": ";fill-opacity:0.16863", // a band
		"1-training.pdf": "%PDF-",
		"2-the-same.pdf": "%PDF-",
		"2-the-same.svg": "<title>The same</title>",
	} {
		got, err := os.ReadFile(filepath.Join(cell.OutDir, name))
		if err != nil || !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s: no %q (%v) in\n%s", name, want, err, got)
		}
	}
	files, err := os.ReadDir(cell.OutDir)
	if err != nil || len(files) != 7 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestSameInputsGiveTheSameFigures(t *testing.T) {
	var digests []string
	for range 2 {
		cell := newFigureCell(t) // in other folders
		if err := Figure().Run(t.Context(), cell, figuresLayout()); err != nil {
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

func TestGatherWithoutALineIsLogged(t *testing.T) {
	cell := newFigureCell(t)
	cell.Gathered["privacy"] = nil
	var log bytes.Buffer
	cell.OnLog = &log
	if err := Figure().Run(t.Context(), cell, figuresLayout()); err != nil {
		t.Fatal(err)
	}
	if log.String() != "privacy is gathered, but no line or axis uses it\n" {
		t.Errorf("got %q", log.String())
	}
}

func TestNamesOfLinesAreCheckedBeforeAnythingRuns(t *testing.T) {
	l := figuresLayout()
	l.Over = []string{"flod"}
	l.Figures[0].Lines[0].From = "trainig"
	l.Figures[1].Lines[0].Where = map[string]spec.Value{"method": {}} // which another stage has
	inputs := []pipeline.Input{
		{Name: "training", Gathered: true, Axes: map[string][]spec.Value{"fold": nil}},
		{Name: "attack", Gathered: true, Axes: map[string][]spec.Value{"method": nil}},
	}
	var got []string
	Figure().CheckInputs(l, inputs, spec.ReportTo(func(path, message string) { got = append(got, path+": "+message) }))
	want := []string{
		`over[0]: the gathered stages have no axis "flod"; did you mean "fold"?`,
		`figures[0].lines[0].from: nothing is gathered as "trainig"; did you mean "training"?`,
		`figures[1].lines[0].where.method: the gathered stages have no axis "method"; there is only fold`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// pointsLayout is a figure of points: loss against score, one of each from its own stage.
func pointsLayout() *report.FiguresLayout {
	axis := func(from, metric string) report.AxisLayout {
		return report.AxisLayout{Label: metric, Scale: "linear", MetricChoice: report.MetricChoice{From: from, Metric: metric}}
	}
	l := report.FiguresLayoutParams.New()
	l.Over = []string{"fold"}
	l.Figures = []report.FigureLayout{{Title: "Both", X: axis("training", "loss"), Y: axis("attack", "score"),
		Points: []report.PointsLayout{{Name: "all", X: report.MetricChoice{K: 2}, Bars: true}}}}
	return l
}

func TestFigureOfPointsTakesBothStages(t *testing.T) {
	cell := newFigureCell(t)
	cell.Gathered["attack"] = []pipeline.GatheredCell{
		gathered(t, 0, artifact.Metric{Name: "score", Value: 5}), gathered(t, 1, artifact.Metric{Name: "score", Value: 7}),
	}
	var log bytes.Buffer
	cell.OnLog = &log
	if err := Figure().Run(t.Context(), cell, pointsLayout()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"figure.txt": "all            1.25 ± 3.18  6.00 ± 12.71",
		"figure.csv": "Both,all,,,1.25,0.3535533905932738,",
		"1-both.svg": "all: a point at (1.25, 6).",
		"1-both.pdf": "%PDF-",
	} {
		got, err := os.ReadFile(filepath.Join(cell.OutDir, name))
		if err != nil || !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s: no %q (%v) in\n%s", name, want, err, got)
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged %q", log.String())
	}
}

func TestNamesOfPointsAreCheckedBeforeAnythingRuns(t *testing.T) {
	inputs := []pipeline.Input{
		{Name: "training", Gathered: true, Axes: map[string][]spec.Value{"fold": nil}},
		{Name: "attack", Gathered: true, Axes: map[string][]spec.Value{"fold": nil, "method": nil}},
		{Name: "other", Gathered: true, Axes: map[string][]spec.Value{"size": nil}},
	}
	for _, c := range []struct {
		change func(*report.FigureLayout)
		want   string
	}{
		{func(f *report.FigureLayout) { f.X.From = "trainig" }, `figures[0].x.from: nothing is gathered as "trainig"; did you mean "training"?`},
		{func(f *report.FigureLayout) { f.Points[0].Y.From = "atack" }, `figures[0].points[0].y.from: nothing is gathered as "atack"; did you mean "attack"?`},
		{func(f *report.FigureLayout) { f.Points[0].Grid = []string{"metod"} }, `figures[0].points[0].grid[0]: the gathered stages have no axis "metod"; did you mean "method"?`},
		{func(f *report.FigureLayout) { f.Points[0].Where = map[string]spec.Value{"size": {}} },
			`figures[0].points[0].where.size: the gathered stages have no axis "size"; there are fold and method`},
		{func(f *report.FigureLayout) {
			f.Points[0].Rows = []report.PointLayout{{Name: "r", Where: map[string]spec.Value{"methd": {}}}}
		}, `figures[0].points[0].rows[0].where.methd: the gathered stages have no axis "methd"; did you mean "method"?`},
		{func(f *report.FigureLayout) { f.X = report.AxisLayout{Label: "x", Axis: "lamda"} }, `figures[0].x.axis: the gathered stages have no axis "lamda"; there are fold and method`},
		{func(f *report.FigureLayout) {
			f.Points, f.X = nil, report.AxisLayout{Label: "x", Axis: "metod"}
			f.Lines = []report.LineLayout{{Name: "l", Selector: report.Selector{From: "attack", Metric: "score"}}}
		}, `figures[0].lines[0]: the gathered stages have no axis "metod"; did you mean "method"?`},
	} {
		l := pointsLayout()
		c.change(&l.Figures[0])
		var got []string
		Figure().CheckInputs(l, inputs, spec.ReportTo(func(path, message string) { got = append(got, path+": "+message) }))
		if !slices.Equal(got, []string{c.want}) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
		}
	}
}

func TestKindsDocumentWhatIsPrinted(t *testing.T) {
	for _, k := range []pipeline.Kind{Table(), Figure()} {
		if !slices.ContainsFunc(k.Files, func(f pipeline.FileDoc) bool { return f.Name == k.Printed }) {
			t.Errorf("%s prints %q, which is none of its files", k.Name, k.Printed)
		}
	}
}
