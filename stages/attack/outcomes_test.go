package attack

import (
	"maps"
	"math"
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/models/adversary"
	"foil/pipeline"
)

func TestEveryUserHasOutcomes(t *testing.T) {
	in := inputs(t)
	p := params(12)
	p.Splits = []string{"validation", "test"}
	a := kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in})
	o := kindtest.Outcomes(t, a)
	want := []artifact.OutcomePart{{Split: "validation", Checkpoint: "best", Rows: 12}, {Split: "test", Checkpoint: "best", Rows: 12},
		{Split: "validation", Checkpoint: "last", Rows: 12}, {Split: "test", Checkpoint: "last", Rows: 12}}
	if o.Unit != artifact.UnitUser || !slices.Equal(o.Parts, want) {
		t.Errorf("unit %s, parts %+v, want %+v", o.Unit, o.Parts, want)
	}
	columns := map[string][]float64{}
	var names []string
	for i := range o.Series {
		names = append(names, o.Series[i].Column())
		columns[names[i]] = o.Series[i].Values
	}
	if want := []string{"gender:label", "gender:score", "gender:predicted", "gender:bacc",
		"age:label", "age:score", "age:error", "age:mae"}; !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	split, err := artifact.ReadSplit(in["data"].Path)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range o.Units {
		age := float64(split.Users.Attributes[1].Number[u])
		if got := 1 + 55*columns["age:label"][i]; math.Abs(got-age) > 1e-4 {
			t.Errorf("row %d: the age is %g, want %g", i, got, age)
		}
		if got := columns["age:score"][i] - columns["age:label"][i]; got != columns["age:error"][i] || math.Abs(got) != columns["age:mae"][i] {
			t.Errorf("row %d: the error is %g and mae %g, want %g", i, columns["age:error"][i], columns["age:mae"][i], got)
		}
		gender := []string{"f", "m"}[int(columns["gender:label"][i])]
		if gender != split.Users.Attributes[0].Category[u] || gender != o.Attributes[0].Values[i] {
			t.Errorf("row %d: the gender is %s", i, gender)
		}
		if second := columns["gender:score"][i] > 0.5; second != (columns["gender:predicted"][i] == 1) {
			t.Errorf("row %d: predicted %g with a probability of the second class of %g", i, columns["gender:predicted"][i], columns["gender:score"][i])
		}
	}
}

// The attackers see no validation user, and their scores of test users do not depend on them.
func TestValidationUsersChangeNoTestScore(t *testing.T) {
	in := inputs(t)
	score := func(splits ...string) map[string]float64 {
		p := params(5)
		p.Splits, p.Checkpoints = splits, []string{"last"}
		out := map[string]float64{}
		for _, m := range kindtest.Metrics(t, kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in})) {
			out[m.Split+" "+m.Group+" "+m.Name] = m.Value
		}
		return out
	}
	both, alone := score("test", "validation"), score("test")
	if len(both) != 2*len(alone) {
		t.Errorf("%d scores for two splits, %d for one", len(both), len(alone))
	}
	maps.Copy(alone, score("validation"))
	if !maps.Equal(both, alone) {
		t.Errorf("%v together, %v one by one", both, alone)
	}
}

// Users without the attribute are in the table, but in no metric.
func TestUsersWithoutTheAttribute(t *testing.T) {
	nan := float32(math.NaN())
	number := victim{Target: &attributes.Target{Name: "age", Scale: 10}, train: adversary.Targets{Value: []float32{0, 1}}}
	metrics, series := number.scoreNumber([]float32{0.5, 7, 1}, []float32{1, nan, 0.75})
	compare(t, metrics, series, map[string][]float64{"age:label": {1, math.NaN(), 0.75}, "age:score": {0.5, 7, 1}, "age:mae": {0.5, math.NaN(), 0.25}})

	for _, classes := range [][]string{{"f", "m"}, {"a", "b", "c"}} {
		target := &attributes.Target{Name: "g", Classes: classes}
		v := victim{Target: target, config: target.Group(1, 5, 0), train: adversary.Targets{Class: []int32{1, 1, 0}}}
		var outputs []float32
		want := map[string][]float64{"g:label": {1, math.NaN(), 0}, "g:predicted": {1, 1, 1}, "g:bacc": {1, math.NaN(), 0}}
		for range 3 { // the second class is e times as likely as another one
			outputs = append(outputs, slices.Repeat([]float32{0}, len(classes))...)
			outputs[len(outputs)-len(classes)+1] = 1
		}
		if second := math.E / (math.E + 1); len(classes) == 2 {
			want["g:score"] = []float64{second, second, second}
		} else {
			want["g:score"] = []float64{math.E / (math.E + 2), math.NaN(), 1 / (math.E + 2)}
		}
		metrics, series := v.score(outputs, adversary.Targets{Class: []int32{1, -1, 0}}, &LatentProbeParams{Average: overUsers, Batch: 2})
		compare(t, metrics, series, want)

		// Over batches: the second user belongs to none, and the third is a batch.
		want["g:bacc"] = []float64{1, math.NaN(), 0}
		metrics, series = v.score(outputs, adversary.Targets{Class: []int32{1, -1, 0}}, &LatentProbeParams{Average: overBatches, Batch: 2})
		compare(t, metrics, series, want)
		want["g:label"], want["g:bacc"] = []float64{1, 0, 0}, []float64{1.5, 0, 0} // 3 users, 2 classes
		delete(want, "g:score")
		metrics, series = v.score(outputs, adversary.Targets{Class: []int32{1, 0, 0}}, &LatentProbeParams{Average: overBatches, Batch: 3})
		compare(t, metrics, series, want)
	}
}

// compare checks columns, and that the outcomes make up the metrics.
func compare(t *testing.T, metrics []artifact.Metric, series []artifact.OutcomeSeries, want map[string][]float64) {
	t.Helper()
	o := artifact.Outcomes{Unit: artifact.UnitUser, Parts: []artifact.OutcomePart{{Rows: 3}}, Units: []int32{0, 1, 2}, Series: series}
	for i := range series {
		for u, w := range want[series[i].Column()] {
			if v := series[i].Values[u]; math.Abs(v-w) > 1e-9 || math.IsNaN(v) != math.IsNaN(w) {
				t.Errorf("%s of user %d is %g, want %g", series[i].Column(), u, v, w)
			}
		}
	}
	for _, m := range metrics {
		values, found := o.Of(m.Name, 0, series[0].Group, "", "")
		if found != (m.Name == "bacc" || m.Name == "mae") || found && math.Abs(values.Mean()-m.Value) > 1e-9 {
			t.Errorf("%s is %g, but the mean of the outcomes %g (%v)", m.Name, m.Value, values.Mean(), found)
		}
		if found && len(values.Unit) != 2 {
			t.Errorf("%s is made of %d users, want 2", m.Name, len(values.Unit))
		}
	}
}

func TestAttributesMustBeKnownOfTheSplit(t *testing.T) {
	in := inputs(t)
	split, err := artifact.ReadSplit(in["data"].Path)
	if err != nil {
		t.Fatal(err)
	}
	for u, part := range split.Users.Part {
		if part == artifact.Validation {
			split.Users.Attributes[0].Category[u] = ""
		}
	}
	data := kindtest.Written(t, split.Write)
	in = map[string]pipeline.Artifact{"data": data, "latents": trained.Latents(t, trained.Model(t, data, 2), data)}
	run := func(splits ...string) error {
		p := params(1)
		p.Splits = splits
		_, err := kindtest.Run(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in})
		return err
	}
	if err := run("test"); err != nil {
		t.Error(err)
	}
	want := "attack on the best checkpoint: the attribute gender is missing for all validation users; remove it from attributes"
	if err := run("test", "validation"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
