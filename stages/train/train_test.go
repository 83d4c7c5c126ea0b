package train

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"foil/internal/cache"
	"foil/internal/tables"
	"foil/pipeline"
	"foil/stages/stagetest"
)

func tinyParams() *AdvXMultVAEParams {
	p := defaults().(*AdvXMultVAEParams)
	p.Epochs, p.Batch, p.Latent = 4, 16, 8
	p.Adversaries = []Adversary{adversaryOf("gender", 10), adversaryOf("age", 5)}
	p.Adversaries[1].Range = []float64{1, 56}
	return p
}

func adversaryOf(attribute string, lambda float64) Adversary {
	a := Adversary{Lambda: lambda}
	a.SetDefaults()
	a.Attribute = attribute
	return a
}

func train(t *testing.T, data pipeline.Artifact, p *AdvXMultVAEParams, seed uint64, cores int) (pipeline.Artifact, error) {
	t.Helper()
	return stagetest.Run(t, AdvXMultVAE(), &pipeline.Cell{
		Params: p, Seed: seed, Cores: cores, Inputs: map[string]pipeline.Artifact{"data": data},
	})
}

func mustTrain(t *testing.T, data pipeline.Artifact, p *AdvXMultVAEParams, seed uint64, cores int) pipeline.Artifact {
	t.Helper()
	a, err := train(t, data, p, seed, cores)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSameTrainingGivesTheSameBytes(t *testing.T) {
	data := stagetest.Split(t)
	want := mustTrain(t, data, tinyParams(), 7, 1).Digest()
	for _, c := range []struct {
		name  string
		same  bool
		seed  uint64
		cores int
		edit  func(*AdvXMultVAEParams)
	}{
		{"again", true, 7, 1, nil},
		{"two threads", true, 7, 2, nil},
		{"another seed", false, 8, 1, nil},
		{"another lambda", false, 7, 1, func(p *AdvXMultVAEParams) { p.Adversaries[0].Lambda = 11 }},
		{"another rate", false, 7, 1, func(p *AdvXMultVAEParams) { p.Rate = 2e-3 }},
	} {
		p := tinyParams()
		if c.edit != nil {
			c.edit(p)
		}
		if got := mustTrain(t, data, p, c.seed, c.cores).Digest(); (got == want) != c.same {
			t.Errorf("%s: same digest: %v, want %v", c.name, got == want, c.same)
		}
	}
}

// goldenCurves are the last epoch's points of the tiny training. The digest
// cannot be pinned, since AVX-512, AVX2 and plain Go differ in the last bits;
// the values can. When they change, raise the kind's Version.
var goldenCurves = map[string]float64{
	"rate":                   0.001,
	"train/nll":              30.5207,
	"train/kl":               0.831217,
	"train/adversary/gender": 0.730165,
	"train/adversary/age":    0.340965,
	"validation/loss":        10.4359,
	"validation/ndcg@10":     0.493072,
}

func TestTinyTrainingIsPinned(t *testing.T) {
	a := mustTrain(t, stagetest.Split(t), tinyParams(), 7, 1)
	path, err := a.Path(tables.CurvesFile)
	if err != nil {
		t.Fatal(err)
	}
	points, err := tables.ReadCurves(path)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, p := range points {
		if p.Epoch != 4 {
			continue
		}
		found++
		want, ok := goldenCurves[p.Name]
		if !ok || math.Abs(p.Value-want) > 1e-4*math.Abs(want) {
			t.Errorf("epoch 4: %q: %.6g, want %.6g; has Version been raised?", p.Name, p.Value, want)
		}
	}
	if found != len(goldenCurves) {
		t.Errorf("epoch 4 has %d points, want %d", found, len(goldenCurves))
	}
}

func TestLambdasShareStartAndBatches(t *testing.T) {
	// With a rate too small to move a float32, both trainings end where they began.
	data := stagetest.Split(t)
	digest := func(lambda float64) cache.Digest {
		p := tinyParams()
		p.Epochs, p.Rate, p.WeightDecay = 1, 1e-30, 0
		p.Adversaries[0].Lambda = lambda
		a := mustTrain(t, data, p, 7, 1)
		for _, f := range a.Files {
			if f.Name == "last.safetensors" {
				return f.Digest
			}
		}
		t.Fatal("no last checkpoint")
		return cache.Digest{}
	}
	if digest(0) != digest(800) {
		t.Error("two lambdas start from different weights")
	}
}

func TestBestEpochIsTheLatestOfEquals(t *testing.T) {
	p := tinyParams()
	p.Rate, p.WeightDecay = 1e-30, 0 // nothing moves, so all epochs are equal
	a := mustTrain(t, stagetest.Split(t), p, 7, 1)
	path, err := a.Path("config.json")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		BestEpoch int `json:"best_epoch"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	if c.BestEpoch != p.Epochs {
		t.Errorf("best epoch is %d, want %d", c.BestEpoch, p.Epochs)
	}
}

func TestBadAttributesAreNamed(t *testing.T) {
	data := stagetest.Split(t)
	for _, c := range []struct {
		name string
		edit func(*AdvXMultVAEParams)
		want string
	}{
		{"unknown attribute", func(p *AdvXMultVAEParams) { p.Adversaries[0].Attribute = "gendre" }, "gender"},
		{"unknown class", func(p *AdvXMultVAEParams) {
			p.Adversaries[0].ClassWeights = map[string]float64{"f": 1, "m": 1, "x": 1}
		}, `"x"`},
		{"missing class", func(p *AdvXMultVAEParams) { p.Adversaries[0].ClassWeights = map[string]float64{"f": 1} }, `"m"`},
		{"range of a class", func(p *AdvXMultVAEParams) { p.Adversaries[0].Range = []float64{0, 1} }, "categorical"},
		{"weights of a number", func(p *AdvXMultVAEParams) {
			p.Adversaries[1].Range = nil
			p.Adversaries[1].ClassWeights = map[string]float64{"f": 1}
		}, "number"},
	} {
		p := tinyParams()
		c.edit(p)
		if _, err := train(t, data, p, 1, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestDivergenceIsAnError(t *testing.T) {
	p := tinyParams()
	p.Rate, p.Epochs = 1e30, 5
	if _, err := train(t, stagetest.Split(t), p, 1, 1); err == nil || !strings.Contains(err.Error(), "epoch") {
		t.Errorf("error %v, want one that names the epoch", err)
	}
}

func TestCancelledTrainingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cell := &pipeline.Cell{
		Params: tinyParams(), Backend: "go", OutDir: t.TempDir(),
		Inputs: map[string]pipeline.Artifact{"data": stagetest.Split(t)},
	}
	if err := AdvXMultVAE().Run(ctx, cell); err == nil {
		t.Error("a cancelled training returned no error")
	}
}
