package evaluate

import (
	"math"
	"os"
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/attacks"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/pipeline"
)

// columnsOf lists the columns of numbers.
func columnsOf(o *artifact.Outcomes) (names []string) {
	for i := range o.Series {
		names = append(names, o.Series[i].Column())
	}
	return names
}

func TestEveryUserHasOutcomes(t *testing.T) {
	data := kindtest.Split(t)
	a := kindtest.MustRun(t, Ranking(), params(func(p *RankingParams) {
		p.Splits, p.Groups = []string{"test", "validation"}, []string{"gender"}
	}), &pipeline.Cell{Kind: trained.Kinds, Inputs: inputs(t, data, 0)})
	o := kindtest.Outcomes(t, a)
	want := []artifact.OutcomePart{{Split: "test", Checkpoint: "best", Rows: 12}, {Split: "validation", Checkpoint: "best", Rows: 12},
		{Split: "test", Checkpoint: "last", Rows: 12}, {Split: "validation", Checkpoint: "last", Rows: 12}}
	if o.Unit != artifact.UnitUser || !slices.Equal(o.Parts, want) {
		t.Errorf("unit %s, parts %+v, want %+v", o.Unit, o.Parts, want)
	}
	if want := []string{"ndcg@5", "recall@5", "hits@5", "ndcg@10", "recall@10", "hits@10"}; !slices.Equal(columnsOf(o), want) {
		t.Errorf("columns %v, want %v", columnsOf(o), want)
	}
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range o.Units {
		part := "test"
		if i/12%2 == 1 {
			part = "validation"
		}
		if split.Users.Part[u] != part || o.Attributes[0].Values[i] != split.Users.Attributes[0].Category[u] {
			t.Errorf("row %d, user %d: a %s user with gender %s, want a %s user with %s", i, u,
				split.Users.Part[u], split.Users.Attributes[0].Category[u], part, o.Attributes[0].Values[i])
		}
	}
	// kindtest compares the means, also those of a group; here is one that has values at all.
	if women, found := o.Of("hits", 10, "gender=f", "validation", "last"); !found || len(women.Unit) == 12 {
		t.Errorf("validation women: %+v", women)
	}
}

// The scores of test users do not depend on the other users that are scored.
func TestValidationUsersChangeNoTestScore(t *testing.T) {
	data := kindtest.Split(t)
	in := inputs(t, data, 3)
	score := func(in map[string]pipeline.Artifact, splits ...string) (scores []artifact.Metric) {
		a := kindtest.MustRun(t, Ranking(), params(func(p *RankingParams) { p.Splits = splits }), &pipeline.Cell{Kind: trained.Kinds, Inputs: in})
		return kindtest.Metrics(t, a)
	}
	both := score(in, "validation", "test")
	for _, part := range []string{"test", "validation"} {
		of := func(m artifact.Metric) bool { return m.Split != part }
		if got, want := slices.DeleteFunc(slices.Clone(both), of), score(in, part); !slices.Equal(got, want) {
			t.Errorf("%s users: %v with the others, %v alone", part, got, want)
		}
		encoded := score(map[string]pipeline.Artifact{"model": in["model"], "data": data}, part)
		for i, m := range score(in, part) {
			if math.Abs(encoded[i].Value-m.Value) > 1e-9 {
				t.Errorf("%+v without latent vectors, %+v with them", encoded[i], m)
			}
		}
	}
}

func TestEveryAttackedImageHasOutcomes(t *testing.T) {
	a := kindtest.MustRun(t, Strongest(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{
		// Stands both, falls to one, falls to both (more to two), was wrong before.
		"one": attacked(t, on, [4]int32{0, 0, 0, 1}, [4]int32{1, 1, 2, 1}, [4]int32{1, 1, 0, 4}, [4]int32{2, 1, 2, 1}),
		"two": attacked(t, on, [4]int32{0, 0, 0, 2}, [4]int32{1, 1, 1, 9}, [4]int32{1, 1, 2, 5}, [4]int32{2, 1, 1, 1}),
	}})
	o := kindtest.Outcomes(t, a)
	nan := math.NaN()
	for column, want := range map[string][]float64{
		"label": {0, 1, 1, 2}, "clean": {0, 1, 1, 1}, "attacked": {0, 2, 2, 1}, "loss": {2, 1, 5, 1}, "change": {0, 0, 0, 0},
		"accuracy": {1, 0, 0, 0}, "accuracy_clean": {1, 1, 1, 0}, "success": {0, 1, 1, nan},
		"one:falls": {0, 1, 1, 0}, "two:falls": {0, 0, 1, 0},
		"one:breaks": {0, 1, 0, 0}, "two:breaks": {0, 0, 0, 0},
		"one:wins": {0, 1, 0, 0}, "two:wins": {0, 0, 1, 0},
	} {
		i := slices.Index(columnsOf(o), column)
		if i < 0 {
			t.Errorf("there is no column %s", column)
			continue
		}
		for row, v := range o.Series[i].Values {
			if v != want[row] && !(math.IsNaN(v) && math.IsNaN(want[row])) {
				t.Errorf("%s of image %d is %g, want %g", column, row, v, want[row])
			}
		}
	}
}

// What other programs write may lack what this kind needs.
func TestOutcomesThatAreNoVerdictsAreRefused(t *testing.T) {
	for want, o := range map[string]*artifact.Outcomes{
		`outcomes.arrow: its units are in the column "user", not in "image"`: {Unit: "user", Series: []artifact.OutcomeSeries{{Name: "x"}}},
		`outcomes.arrow: column "label" is missing`:                          {Unit: "image", Series: []artifact.OutcomeSeries{{Name: "clean"}}},
		`outcomes.arrow: column "label", row 0: 0.5 is not a class number`: {Unit: "image", Parts: []artifact.OutcomePart{{Rows: 1}}, Units: []int32{0},
			Series: []artifact.OutcomeSeries{{Name: "label", Values: []float64{0.5}}}},
	} {
		a := kindtest.Written(t, func(create artifact.CreateFunc) error {
			return attacks.Write(func(name string) (*os.File, error) { return create(name) }, attacks.Result{Attack: on, Outcomes: *o})
		})
		if _, _, err := attacks.Read(a); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
