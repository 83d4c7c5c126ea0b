package kindtest

import (
	"math"
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/pipeline"
)

// Outcomes reads the outcomes of an artifact.
func Outcomes(t testing.TB, a pipeline.Artifact) *artifact.Outcomes {
	t.Helper()
	path, err := a.Path(artifact.OutcomesFile)
	if err != nil {
		t.Fatal(err)
	}
	o, err := artifact.ReadOutcomes(path)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// known are the columns of numbers that describe a unit, and need not be the values of a metric.
var known = []string{"label", "score", "predicted", "error", "clean", "attacked", "change", "loss"}

// checkOutcomes compares the means of an output's outcomes with its metrics, and both with what the
// kind said about them.
func checkOutcomes(t testing.TB, facts *pipeline.Facts, a pipeline.Artifact) {
	t.Helper()
	if !a.Has(artifact.OutcomesFile) {
		return
	}
	metrics, o := Metrics(t, a), Outcomes(t, a)
	for _, m := range metrics {
		values, found := o.Of(m.Name, m.K, m.Group, m.Split, m.Checkpoint)
		if found {
			if mean := values.Mean(); !(math.Abs(mean-m.Value) <= 1e-9*max(1, math.Abs(m.Value))) {
				t.Errorf("the mean of the outcomes is %.12g for the metric %+v", mean, m)
			}
		}
		if facts.Metrics == nil {
			continue
		}
		said := slices.ContainsFunc(facts.Metrics, func(f pipeline.Metric) bool { return describes(f, m) && f.Unit == o.Unit })
		if said != found {
			t.Errorf("the facts of the kind say %v about outcomes of the metric %+v, but it is %v", said, m, found)
		}
	}
	for i := range o.Series {
		s := &o.Series[i]
		if !slices.Contains(known, s.Name) && !slices.ContainsFunc(metrics, func(m artifact.Metric) bool {
			return m.Name == s.Name && m.K == s.K && m.Group == s.Group
		}) && slices.ContainsFunc(s.Values, func(v float64) bool { return !math.IsNaN(v) }) {
			t.Errorf("there is no metric for the outcomes %q", s.Column())
		}
	}
}
