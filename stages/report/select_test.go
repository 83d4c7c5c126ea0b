package report

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/report"
	"foil/pipeline"
	"foil/spec"
)

// A report has the files of rules and of expected values if it has these.
func TestFilesOfRulesAndExpectedValues(t *testing.T) {
	value, tolerance := 0.7, 0.1
	score := report.Score{Selector: report.Selector{From: "utility", Metric: "ndcg", Split: "test"}, Better: "higher"}
	for _, c := range []struct {
		name   string
		change func(*report.Layout)
		want   map[string]string
	}{
		{"neither", func(*report.Layout) {}, nil},
		{"a rule", func(l *report.Layout) {
			l.Over = nil
			l.Tables[0].Rows[0].Select = &report.SelectLayout{Among: []string{"fold"}, Best: score, AllowTest: true}
		}, map[string]string{"select.csv": "All,MultVAE,1,0.6,,1,,,,0,,,,0,chosen\n"}},
		{"an expected value", func(l *report.Layout) {
			l.Expect = []report.ExpectLayout{{Row: "MultVAE", Column: "NDCG@10", Value: &value, Tolerance: &tolerance, Source: "s"}}
		}, map[string]string{"expect.csv": "not met,s,"}},
	} {
		cell, layout := newCell(t), tableLayout()
		c.change(layout)
		if err := Table().Run(t.Context(), cell, layout); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		files, err := os.ReadDir(cell.OutDir)
		if err != nil || len(files) != len(tableForms)+len(c.want) {
			t.Errorf("%s: %d files, %v", c.name, len(files), err)
		}
		for name, want := range c.want {
			got, err := os.ReadFile(filepath.Join(cell.OutDir, name))
			if err != nil || !bytes.Contains(got, []byte(want)) {
				t.Errorf("%s: no %q (%v) in\n%s", c.name, want, err, got)
			}
		}
	}
	for _, name := range []string{"select.csv", "expect.csv"} {
		if !slices.ContainsFunc(Table().Files, func(f pipeline.FileDoc) bool { return f.Name == name }) {
			t.Errorf("%s is not documented", name)
		}
	}
	if Table().Expected != "expect.csv" {
		t.Errorf("foil run reads %q", Table().Expected)
	}
}

// The stage of a rule may be one that no column shows.
func TestRulesReadStagesWithoutAColumn(t *testing.T) {
	cell, layout := newCell(t), tableLayout()
	cell.Gathered["privacy"] = cell.Gathered["utility"]
	var log bytes.Buffer
	cell.OnLog = &log
	layout.Over = nil
	layout.Tables[0].Rows[0].Select = &report.SelectLayout{Among: []string{"fold"}, AllowTest: true,
		Best: report.Score{Selector: report.Selector{From: "privacy", Metric: "ndcg"}, Better: "lower"}}
	if err := Table().Run(t.Context(), cell, layout); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Errorf("got the note %s", log.String())
	}
	if text, err := os.ReadFile(filepath.Join(cell.OutDir, "table.txt")); err != nil || !strings.Contains(string(text), "MultVAE    0.400\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestNamesOfRulesAreCheckedBeforeAnythingRuns(t *testing.T) {
	l := tableLayout()
	l.Tables[0].Rows = append(l.Tables[0].Rows, report.RowLayout{Name: "chosen", Select: &report.SelectLayout{
		Among:  []string{"gendr", "steps"}, // another stage has the axis steps
		Best:   report.Score{Selector: report.Selector{From: "utility"}},
		Within: &report.WithinLayout{Score: report.Score{Selector: report.Selector{From: "utilty"}}},
	}})
	inputs := []pipeline.Input{
		{Name: "utility", Gathered: true, Axes: map[string][]spec.Value{"fold": nil, "gender": nil}},
		{Name: "attack", Gathered: true, Axes: map[string][]spec.Value{"steps": nil}},
	}
	var got []string
	Table().CheckInputs(l, inputs, spec.ReportTo(func(path, message string) { got = append(got, path+": "+message) }))
	want := []string{
		`tables[0].rows[1].select.among[0]: the gathered stages have no axis "gendr"; did you mean "gender"?`,
		`tables[0].rows[1].select.among[1]: the gathered stages have no axis "steps"; there are fold and gender`,
		`tables[0].rows[1].select.within.from: nothing is gathered as "utilty"; did you mean "utility"?`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}
