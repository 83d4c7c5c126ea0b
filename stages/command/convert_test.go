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
