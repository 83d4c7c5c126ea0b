package advxmultvae

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact/checkpoints"
	"foil/internal/digest"
	"foil/internal/kindtest"
	"foil/internal/training"
	"foil/pipeline"
)

func tinyParams() *Params {
	p := params.New()
	p.Epochs, p.Batch, p.Latent = 10, 16, 8
	p.Adversaries = []Adversary{adversaryOf("gender", 10), adversaryOf("age", 5)}
	p.Adversaries[0].ClassWeights = map[string]float64{"f": 0.8, "m": 0.3}
	p.Adversaries[1].Range = []float64{1, 56}
	p.Rate = 0.02
	p.Plateau.Patience, p.Plateau.Factor = 1, 0.5 // so that the rates of model and adversaries part
	return p
}

func adversaryOf(attribute string, lambda float64) Adversary {
	a := adversaryParams.New()
	a.Attribute, a.Lambda = attribute, lambda
	return *a
}

func train(t *testing.T, data pipeline.Artifact, p *Params, seed uint64, cores int) (pipeline.Artifact, error) {
	t.Helper()
	return kindtest.Run(t, Kind(), p, &pipeline.Cell{
		Seed: seed, Cores: cores, Inputs: map[string]pipeline.Artifact{"data": data},
	})
}

func mustTrain(t *testing.T, data pipeline.Artifact, p *Params, seed uint64, cores int) pipeline.Artifact {
	t.Helper()
	a, err := train(t, data, p, seed, cores)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSameTrainingGivesTheSameBytes(t *testing.T) {
	data := kindtest.Split(t)
	want := mustTrain(t, data, tinyParams(), 7, 1).Digest()
	for _, c := range []struct {
		name  string
		same  bool
		seed  uint64
		cores int
		edit  func(*Params)
	}{
		{"again", true, 7, 1, nil},
		{"two threads", true, 7, 2, nil},
		{"another seed", false, 8, 1, nil},
		{"another lambda", false, 7, 1, func(p *Params) { p.Adversaries[0].Lambda = 11 }},
		{"another rate", false, 7, 1, func(p *Params) { p.Rate = 2e-3 }},
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
	"rate":                   0.0025,
	"train/nll":              26.1551,
	"train/kl":               1.01949,
	"train/adversary/gender": 0.543051,
	"train/adversary/age":    0.0851841,
	"validation/loss":        9.85916,
	"validation/ndcg@10":     0.6984,
}

func TestTinyTrainingIsPinned(t *testing.T) {
	a := mustTrain(t, kindtest.Split(t), tinyParams(), 7, 1)
	found := 0
	for _, p := range kindtest.Curves(t, a) {
		if p.Epoch != 10 {
			continue
		}
		found++
		want, ok := goldenCurves[p.Name]
		if !ok || math.Abs(p.Value-want) > 1e-4*math.Abs(want) {
			t.Errorf("epoch 10: %q: %.6g, want %.6g; has Version been raised?", p.Name, p.Value, want)
		}
	}
	if found != len(goldenCurves) {
		t.Errorf("epoch 10 has %d points, want %d", found, len(goldenCurves))
	}
}

// TestLambdasShareStartBatchesAndNoise compares an adversary that only
// observes, in two trainings that differ in the other one's lambda. With a rate
// too small to move a float32, what it sees depends on the order of the batches
// and on noise and dropout alone.
func TestLambdasShareStartBatchesAndNoise(t *testing.T) {
	data := kindtest.Split(t)
	observed := func(lambda float64, seed uint64) []float64 {
		p := tinyParams()
		p.Rate, p.WeightDecay = 1e-30, 0
		p.Adversaries[0].Lambda, p.Adversaries[1].Lambda = lambda, 0
		var losses []float64
		for _, point := range kindtest.Curves(t, mustTrain(t, data, p, seed, 1)) {
			if point.Name == "train/adversary/age" {
				losses = append(losses, point.Value)
			}
		}
		return losses
	}
	first := observed(0, 7)
	if !slices.Equal(first, observed(800, 7)) {
		t.Error("two lambdas see other batches or other noise")
	}
	if slices.Equal(first, observed(0, 8)) {
		t.Error("two seeds see the same batches and noise: the test does not look where it should")
	}
	if first[0] == first[1] {
		t.Error("two epochs see the same batches and noise")
	}
}

// TestBestIsTheLastOfAShorterTraining holds the two checkpoints apart: what a
// training keeps as its best is what it would have ended with had it been as long.
func TestBestIsTheLastOfAShorterTraining(t *testing.T) {
	data := kindtest.Split(t)
	long := mustTrain(t, data, tinyParams(), 7, 1)
	best := saved(t, long).BestEpoch
	p := tinyParams()
	if best == p.Epochs {
		t.Fatalf("epoch %d of %d is the best: the case shows nothing", best, p.Epochs)
	}
	p.Epochs = best
	short := mustTrain(t, data, p, 7, 1)
	if file(t, long, "best.safetensors") != file(t, short, "last.safetensors") {
		t.Errorf("the best checkpoint, of epoch %d, is not what a training of %d epochs ends with", best, best)
	}
	if file(t, long, "best.safetensors") == file(t, long, "last.safetensors") {
		t.Error("best and last checkpoint are the same")
	}
}

func TestSelectionByRecall(t *testing.T) {
	data := kindtest.Split(t)
	p := tinyParams()
	p.Select = training.Select{Metric: "recall", K: 5}
	best, at := -1.0, 0
	byRecall := mustTrain(t, data, p, 7, 1)
	for _, point := range kindtest.Curves(t, byRecall) {
		if point.Name == "validation/recall@5" && point.Value >= best {
			best, at = point.Value, point.Epoch
		}
	}
	if c := saved(t, byRecall); at == 0 || c.BestEpoch != at || c.SelectedBy != "validation recall@5" {
		t.Errorf("the best epoch is %d by %s, want %d by recall", c.BestEpoch, c.SelectedBy, at)
	}
	if ndcg := lastPoint(t, mustTrain(t, data, tinyParams(), 7, 1), "validation/ndcg@10"); ndcg == lastPoint(t, byRecall, "validation/recall@5") {
		t.Error("recall and NDCG are the same number")
	}
}

func lastPoint(t *testing.T, a pipeline.Artifact, name string) float64 {
	t.Helper()
	value := math.NaN()
	for _, p := range kindtest.Curves(t, a) {
		if p.Name == name {
			value = p.Value
		}
	}
	return value
}

func file(t *testing.T, a pipeline.Artifact, name string) digest.Digest {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			return f.Digest
		}
	}
	t.Fatalf("the artifact has no %s", name)
	return digest.Digest{}
}

func saved(t *testing.T, a pipeline.Artifact) *checkpoints.Saved {
	t.Helper()
	s, err := checkpoints.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBestEpochIsTheLatestOfEquals(t *testing.T) {
	p := tinyParams()
	p.Rate, p.WeightDecay = 1e-30, 0 // nothing moves, so all epochs are equal
	a := mustTrain(t, kindtest.Split(t), p, 7, 1)
	if best := saved(t, a).BestEpoch; best != p.Epochs {
		t.Errorf("the best epoch is %d, want %d", best, p.Epochs)
	}
}

func TestHugeSizesAreRefused(t *testing.T) {
	p := tinyParams()
	p.Latent = 1_000_000_000
	if _, err := train(t, kindtest.Split(t), p, 1, 1); err == nil || !strings.Contains(err.Error(), "latent") {
		t.Errorf("error %v, want one that names latent", err)
	}
}

func TestBadAttributesAreNamed(t *testing.T) {
	data := kindtest.Split(t)
	for _, c := range []struct {
		name string
		edit func(*Params)
		want string
	}{
		{"unknown attribute", func(p *Params) { p.Adversaries[0].Attribute = "gendre" }, "gender"},
		{"unknown class", func(p *Params) {
			p.Adversaries[0].ClassWeights = map[string]float64{"f": 1, "m": 1, "x": 1}
		}, `"x"`},
		{"missing class", func(p *Params) { p.Adversaries[0].ClassWeights = map[string]float64{"f": 1} }, `"m"`},
		{"range of a class", func(p *Params) { p.Adversaries[0].Range = []float64{0, 1} }, "categorical"},
		{"weights of a number", func(p *Params) {
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
	p.Rate, p.Epochs = 1e30, 1 // caught by the first validation at the latest
	if _, err := train(t, kindtest.Split(t), p, 1, 1); err == nil || !strings.Contains(err.Error(), "epoch") {
		t.Errorf("error %v, want one that names the epoch", err)
	}
}

func TestCancelledTrainingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cell := &pipeline.Cell{
		Backend: "go", OutDir: t.TempDir(),
		Inputs: map[string]pipeline.Artifact{"data": kindtest.Split(t)},
	}
	if err := Kind().Run(ctx, cell, tinyParams()); err == nil {
		t.Error("a cancelled training returned no error")
	}
}

func TestValidationThatIsNotANumberIsRefused(t *testing.T) {
	for _, e := range [][2]float64{{math.NaN(), 0.1}, {math.Inf(1), 0.1}, {1, math.NaN()}} {
		if err := finite(e[0], e[1]); err == nil || !strings.Contains(err.Error(), "validation loss") {
			t.Errorf("loss %g, score %g: error %v, want one about the validation loss", e[0], e[1], err)
		}
	}
	if err := finite(1, 0.1); err != nil {
		t.Error(err)
	}
}
