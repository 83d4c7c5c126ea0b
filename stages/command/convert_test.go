//go:build unix

package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
)

// metricsOf runs a script that writes metrics.
func metricsOf(t *testing.T, script string, outputs ...string) ([]artifact.Metric, error) {
	t.Helper()
	p := shell(script, outputs...)
	p.Type = artifact.TypeMetrics
	a, err := kindtest.Run(t, Command(), p, newCell(t))
	if err != nil {
		return nil, err
	}
	for _, name := range outputs {
		if _, err := a.Path(name); err != nil {
			t.Errorf("the output of the program is not there: %v", err)
		}
	}
	return kindtest.Metrics(t, a), nil
}

func TestMetricsMayBeText(t *testing.T) {
	want := artifact.Metric{Name: "ndcg", Value: 0.5, K: 10}
	for name, script := range map[string]string{
		"metrics.csv":  `printf 'value,name,k\n0.5,ndcg,10\n' >out/metrics.csv`,
		"metrics.json": `echo '[{"name": "ndcg", "k": 10, "value": 0.5}]' >out/metrics.json`,
	} {
		got, err := metricsOf(t, script, name)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v (%v)", name, got, err)
		}
	}
	_, err := metricsOf(t, `echo 'name,value' >out/metrics.csv; echo 'a,b' >>out/metrics.csv`, "metrics.csv")
	if err == nil || !strings.Contains(err.Error(), `the output is not a valid metrics artifact: out/metrics.csv: line 2, column 3: value "b" is not a number`) {
		t.Errorf("got %v", err)
	}
	if _, err := metricsOf(t, `touch out/x`, "x"); err == nil || !strings.Contains(err.Error(), "metrics.arrow") {
		t.Errorf("got %v", err)
	}
}

func TestTablesOfOtherProgramsAreTaken(t *testing.T) {
	for _, name := range []string{"metrics-pandas", "metrics-polars", "metrics-polars-stream", "metrics-dictionary"} {
		path, err := filepath.Abs("../../internal/artifact/testdata/foreign/" + name + ".arrow")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		got, err := metricsOf(t, "cp "+path+" out/metrics.arrow", "metrics.arrow")
		if err != nil || len(got) != 2 {
			t.Errorf("%s: got %v (%v)", name, got, err)
		}
	}
	path, err := filepath.Abs("../../internal/artifact/testdata/foreign/bad-metrics-time.arrow")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := metricsOf(t, "cp "+path+" out/metrics.arrow", "metrics.arrow"); err == nil || !strings.Contains(err.Error(), `out/metrics.arrow: column "name" is a time (timestamp[us]); it must be text`) {
		t.Errorf("got %v", err)
	}
}

func TestOutcomesMayComeWithMetrics(t *testing.T) {
	foreign := func(name string) string {
		path, err := filepath.Abs("../../internal/artifact/testdata/foreign/outcomes-" + name + ".arrow")
		if err != nil {
			t.Fatal(err)
		}
		return "; cp " + path + " out/outcomes.arrow"
	}
	write := func(file string, lines ...string) string {
		return `; printf '` + strings.Join(lines, `\n`) + `\n' >out/` + file
	}
	metrics := write("metrics.csv", "name,k,value,checkpoint", "ndcg,10,0.75,last")
	csv := []string{"metrics.csv", "outcomes.csv"}
	for name, c := range map[string]struct {
		script  string
		outputs []string
		note    string
		wrong   string
		rows    int
	}{
		"csv":        {metrics + write("outcomes.csv", "user,checkpoint,ndcg@10", "1,last,1", "0,last,0.5"), csv, "", "", 2},
		"few digits": {metrics + write("outcomes.csv", "user,checkpoint,ndcg@10", "1,last,1", "0,last,0.50001"), csv, "", "", 2},
		"pandas":     {metrics + foreign("pandas"), []string{"metrics.csv", "outcomes.arrow"}, "", "", 4},
		"polars":     {metrics + foreign("polars"), []string{"metrics.csv", "outcomes.arrow"}, "", "", 4},
		"another":    {metrics + write("outcomes.csv", "user,checkpoint,ndcg@10", "1,last,1", "0,last,0"), csv, "", "ndcg@10 is 0.75, but the mean of its outcomes is 0.5", 0},
		"another split": {write("metrics.csv", "name,split,value", "mae,test,1", "mae,validation,2") + write("outcomes.csv", "user,split,mae", "1,test,1", "1,validation,3"),
			csv, "", "mae (validation) is 2, but the mean of its outcomes is 3", 0},
		"balanced": {write("metrics.csv", "name,value", "bacc,0.75") + write("outcomes.csv", "user,bacc [balance=label],label", "0,1,0", "1,0,0", "2,1,1", "3,1,1", "4,1,1"), csv, "", "", 5},
		"balanced, but a plain mean": {write("metrics.csv", "name,value", "bacc,0.8") + write("outcomes.csv", "user,bacc [balance=label],label", "0,1,0", "1,0,0", "2,1,1", "3,1,1", "4,1,1"),
			csv, "", "bacc is 0.8, but the mean of its outcomes is 0.75", 0},
		"none":        {metrics + write("outcomes.csv", "user,ndcg@10", "1,1", "0,0.5"), csv, "no metric belongs to the outcomes", "", 2},
		"no number":   {metrics + write("outcomes.csv", "user,ndcg@10", "1,x"), csv, "", `the output is not a valid metrics artifact: out/outcomes.csv: line 2: ndcg@10 "x" is not a number`, 0},
		"no table":    {metrics + "; echo x >out/outcomes.arrow", []string{"metrics.csv", "outcomes.arrow"}, "", "out/outcomes.arrow: it is not Arrow IPC", 0},
		"not listed":  {metrics + write("outcomes.csv", "user,ndcg@10", "1,1"), csv[:1], "", "the program wrote out/outcomes.csv, which is not listed in outputs", 0},
		"without any": {write("outcomes.csv", "user,ndcg@10", "1,1"), csv, "", "did not write out/metrics.csv", 0},
	} {
		var notes []string
		cell := newCell(t)
		cell.OnNote = func(text string) { notes = append(notes, text) }
		p := shell(":"+c.script, c.outputs...)
		p.Type = artifact.TypeMetrics
		a, err := kindtest.Run(t, Command(), p, cell)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: got %v, want %s", name, err, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if rows := kindtest.Outcomes(t, a).Len(); rows != c.rows {
			t.Errorf("%s: %d rows, want %d", name, rows, c.rows)
		}
		if text := strings.Join(notes, "\n"); (text == "") != (c.note == "") || !strings.Contains(text, c.note) {
			t.Errorf("%s: notes %q, want %q", name, text, c.note)
		}
	}
}
