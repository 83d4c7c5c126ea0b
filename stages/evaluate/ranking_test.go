package evaluate

import (
	"math"
	"strings"
	"testing"

	"foil/internal/tables"
	"foil/pipeline"
	"foil/stages/stagetest"
	"foil/stages/train"
)

func model(t *testing.T, data pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	kind := train.AdvXMultVAE()
	p := kind.Params().(*train.AdvXMultVAEParams)
	p.Epochs, p.Batch, p.Latent = 4, 16, 8
	return stagetest.MustRun(t, kind, &pipeline.Cell{Params: p, Seed: 7, Inputs: map[string]pipeline.Artifact{"data": data}})
}

func params(edit func(*RankingParams)) *RankingParams {
	p := Ranking().Params().(*RankingParams)
	p.K = []int{5, 10}
	if edit != nil {
		edit(p)
	}
	return p
}

// golden are scores of the tiny model; see the note on digests in train_test.go.
var golden = map[string]float64{
	"ndcg": 0.391302, "recall": 0.636111, "coverage": 1,
}

func TestTinyScoresArePinned(t *testing.T) {
	data := stagetest.Split(t)
	a := stagetest.MustRun(t, Ranking(), &pipeline.Cell{Params: params(nil), Inputs: map[string]pipeline.Artifact{"model": model(t, data), "data": data}})
	found := 0
	for _, m := range stagetest.Metrics(t, a) {
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
	data := stagetest.Split(t)
	inputs := map[string]pipeline.Artifact{"model": model(t, data), "data": data}
	a := stagetest.MustRun(t, Ranking(), &pipeline.Cell{Params: params(func(p *RankingParams) { p.Groups = []string{"gender"} }), Inputs: inputs})
	values := map[string]float64{}
	for _, m := range stagetest.Metrics(t, a) {
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

func TestSeenItemsAreNotRecommended(t *testing.T) {
	// At k = all items, recall is 1 when seen items are masked to -inf or 0 alike, but with
	// exclude, coverage of a user's seen items comes from other users only.
	data := stagetest.Split(t)
	inputs := map[string]pipeline.Artifact{"model": model(t, data), "data": data}
	for _, seen := range []string{"exclude", "zero"} {
		a := stagetest.MustRun(t, Ranking(), &pipeline.Cell{Params: params(func(p *RankingParams) { p.K, p.Seen = []int{20}, seen }), Inputs: inputs})
		for _, m := range stagetest.Metrics(t, a) {
			if m.Name == "recall" && m.Value != 1 {
				t.Errorf("seen %s: recall over all items is %g, want 1", seen, m.Value)
			}
		}
	}
}

func TestModelOfAnotherSplitIsRefused(t *testing.T) {
	data := stagetest.Split(t)
	m := model(t, data)
	cell := &pipeline.Cell{OutDir: t.TempDir()}
	other, err := tables.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	other.Items.ID = append(other.Items.ID, "one more")
	if err := other.Write(cell.Create); err != nil {
		t.Fatal(err)
	}
	wrong, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = stagetest.Run(t, Ranking(), &pipeline.Cell{Params: params(nil), Inputs: map[string]pipeline.Artifact{"model": m, "data": wrong}})
	if err == nil || !strings.Contains(err.Error(), "another split") {
		t.Errorf("error %v, want one that suspects another split", err)
	}
}
