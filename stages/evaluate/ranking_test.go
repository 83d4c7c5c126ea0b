package evaluate

import (
	"math"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/internal/scores"
	"foil/pipeline"
)

func params(edit func(*RankingParams)) *RankingParams {
	p := rankingParams.New()
	p.K = []int{5, 10}
	if edit != nil {
		edit(p)
	}
	return p
}

// inputs trains a model for a number of epochs (0: enough) and encodes the users.
func inputs(t *testing.T, data pipeline.Artifact, epochs int) map[string]pipeline.Artifact {
	t.Helper()
	m := trained.Model(t, data, epochs)
	return map[string]pipeline.Artifact{"model": m, "latents": trained.Latents(t, m, data), "data": data}
}

// golden are scores of the tiny model; see the note on digests in stages/train/advxmultvae.
var golden = map[string]float64{
	"ndcg": 0.709165, "recall": 0.909722, "hits": 3.416667, "coverage": 1,
}

func TestTinyScoresArePinned(t *testing.T) {
	data := kindtest.Split(t)
	a := kindtest.MustRun(t, Ranking(), params(nil), &pipeline.Cell{Kind: trained.Kinds, Inputs: inputs(t, data, 0)})
	found := 0
	for _, m := range kindtest.Metrics(t, a) {
		if m.K != 10 || m.Checkpoint != "last" {
			continue
		}
		found++
		if want := golden[m.Name]; math.Abs(m.Value-want) > 1e-4 {
			t.Errorf("%s@10 is %.6g, want %.6g; has Version been raised?", m.Name, m.Value, want)
		}
	}
	if found != len(golden) {
		t.Errorf("%d scores at 10 of the last checkpoint, want %d", found, len(golden))
	}
}

func TestGroupScoresAverageToThatOfAll(t *testing.T) {
	data := kindtest.Split(t)
	a := kindtest.MustRun(t, Ranking(), params(func(p *RankingParams) { p.Groups = []string{"gender"} }), &pipeline.Cell{Kind: trained.Kinds, Inputs: inputs(t, data, 0)})
	values := map[string]float64{}
	for _, m := range kindtest.Metrics(t, a) {
		if m.Name == "ndcg" || m.Name == "ndcg_gap" {
			if m.K == 10 && m.Checkpoint == "best" {
				values[m.Name+" "+m.Group] = m.Value
			}
		}
	}
	f, m, all := values["ndcg gender=f"], values["ndcg gender=m"], values["ndcg "]
	if !(min(f, m) <= all && all <= max(f, m)) {
		t.Errorf("NDCG of all, %g, does not lie between that of women, %g, and men, %g", all, f, m)
	}
	if gap := values["ndcg_gap gender"]; math.Abs(gap-math.Abs(f-m)) > 1e-12 {
		t.Errorf("the gap is %g, want %g", gap, math.Abs(f-m))
	}
}

// TestSeenItemsAreNotRecommended ranks the logits of a model that likes best
// what its users have: excluded, they cannot be recommended again; at zero they can be.
func TestSeenItemsAreNotRecommended(t *testing.T) {
	for seen, want := range map[string]float64{"exclude": 1, "zero": 0} {
		s := ranking{
			k:      []int{1},
			input:  artifact.Rows{Offset: []int32{0, 3}, Item: []int32{0, 1, 2}},
			target: artifact.Rows{User: []int32{0}, Offset: []int32{0, 1}, Item: []int32{3}},
			seen:   scores.Seen(seen),
			ranker: scores.NewRanker(1),
			all:    newTally("", []int{1}, 5),
		}
		if err := s.add(0, []float32{9, 8, 7, -1, -2}); err != nil {
			t.Fatal(err)
		}
		if got := s.metrics()[1]; got.Name != "recall" || got.Value != want {
			t.Errorf("seen %s: %s is %g, want recall %g", seen, got.Name, got.Value, want)
		}
	}
}

func TestLogitsThatAreNoNumbersAreAnError(t *testing.T) {
	data := kindtest.Split(t)
	weights := make([]float32, 20)
	weights[3] = float32(math.NaN())
	model := kindtest.Written(t, func(create artifact.CreateFunc) error {
		return checkpoints.Write(create, checkpoints.Result{
			Training: checkpoints.Training{KindVersion: pipeline.KindVersion{Kind: popular().Name, Version: 1}, Data: data.Digest()},
			Last:     checkpoints.Weights{checkpoints.Model: {{Name: "popularity", Shape: []int{20}, F32: weights}}},
		})
	})
	_, err := kindtest.Run(t, Ranking(), params(nil), &pipeline.Cell{
		Kind: kindtest.Kinds(popular()), Inputs: map[string]pipeline.Artifact{"model": model, "data": data},
	})
	if err == nil || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("error %v, want one that says that the model has diverged", err)
	}
}

func TestOneGroupHasNoGap(t *testing.T) {
	g := grouping{attribute: "gender", value: []string{"f", "f"}, tallies: map[string]*tally{}}
	g.of(0, []int{1}, 3).add(scoreUser([]int32{0}, []int32{0}, []int{1}), []int32{0})
	for _, m := range g.metrics([]int{1}) {
		if strings.HasSuffix(m.Name, "_gap") {
			t.Errorf("one group has %s = %g", m.Name, m.Value)
		}
	}
	g.value[1] = "m"
	g.of(1, []int{1}, 3).add(scoreUser([]int32{1}, []int32{0}, []int{1}), []int32{1})
	gaps := map[string]float64{}
	for _, m := range g.metrics([]int{1}) {
		gaps[m.Name] = m.Value
	}
	if gaps["ndcg_gap"] != 1 || gaps["recall_gap"] != 1 {
		t.Errorf("gaps are %v, want 1 each", gaps)
	}
}

func TestCheckpointsAreScoredAsNamed(t *testing.T) {
	data := kindtest.Split(t)
	long := trained.Model(t, data, 0)
	short := trained.Model(t, data, trained.BestEpoch(t, long))
	value := func(model pipeline.Artifact, checkpoint string) float64 {
		a := kindtest.MustRun(t, Ranking(), params(func(p *RankingParams) { p.Checkpoints = []string{checkpoint} }), &pipeline.Cell{Kind: trained.Kinds,
			Inputs: map[string]pipeline.Artifact{"model": model, "latents": trained.Latents(t, model, data), "data": data},
		})
		return kindtest.Metrics(t, a)[0].Value
	}
	if best, last := value(long, "best"), value(short, "last"); best != last {
		t.Errorf("the best checkpoint scores %g, the last of a training that ends there %g", best, last)
	}
	if value(long, "best") == value(long, "last") {
		t.Error("best and last checkpoint score the same: the case shows nothing")
	}
}

func TestModelOfAnotherSplitIsRefused(t *testing.T) {
	// As many items, other users: two folds of one data set may look like that.
	data := kindtest.Split(t)
	m := trained.Model(t, data, 0)
	other, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	other.TestInput, other.ValidationInput = other.ValidationInput, other.TestInput
	other.TestTarget, other.ValidationTarget = other.ValidationTarget, other.TestTarget
	wrong := kindtest.Written(t, other.Write)
	in := map[string]pipeline.Artifact{"model": m, "latents": trained.Latents(t, m, data), "data": wrong}
	_, err = kindtest.Run(t, Ranking(), params(nil), &pipeline.Cell{Kind: trained.Kinds, Inputs: in})
	if err == nil || !strings.Contains(err.Error(), "trained on the split") {
		t.Errorf("error %v, want one that names another split", err)
	}
}

func TestLatentsOfAnotherModelAreRefused(t *testing.T) {
	data := kindtest.Split(t)
	in := inputs(t, data, 2)
	in["latents"] = inputs(t, data, 3)["latents"]
	_, err := kindtest.Run(t, Ranking(), params(nil), &pipeline.Cell{Kind: trained.Kinds, Inputs: in})
	if err == nil || !strings.Contains(err.Error(), "belong to the model") {
		t.Errorf("error %v, want one that names another model", err)
	}
}

func TestCutOffBeyondTheItemsIsRefused(t *testing.T) {
	data := kindtest.Split(t)
	_, err := kindtest.Run(t, Ranking(), params(func(p *RankingParams) { p.K = []int{10, 21} }), &pipeline.Cell{Kind: trained.Kinds,
		Inputs: inputs(t, data, 0),
	})
	if err == nil || !strings.Contains(err.Error(), "20 items") {
		t.Errorf("error %v, want one that says that there are 20 items", err)
	}
}
