package attack

import (
	"math"
	"testing"

	"foil/internal/tables"
	"foil/pipeline"
	"foil/stages/stagetest"
	"foil/stages/train"
)

func inputs(t *testing.T) map[string]pipeline.Artifact {
	t.Helper()
	data := stagetest.Split(t)
	kind := train.AdvXMultVAE()
	p := kind.Params().(*train.AdvXMultVAEParams)
	p.Epochs, p.Batch, p.Latent = 60, 16, 8
	p.Rate, p.Beta = 1e-2, 0.01
	model := stagetest.MustRun(t, kind, &pipeline.Cell{Params: p, Seed: 7, Inputs: map[string]pipeline.Artifact{"data": data}})
	return map[string]pipeline.Artifact{"model": model, "data": data}
}

func params(epochs int) *LatentProbeParams {
	p := defaults().(*LatentProbeParams)
	p.Epochs, p.Batch, p.Rate = epochs, 16, 1e-2
	p.Attributes = make([]Attribute, 2)
	for i, name := range []string{"gender", "age"} {
		p.Attributes[i].SetDefaults()
		p.Attributes[i].Attribute = name
	}
	p.Attributes[1].Range = []float64{1, 56}
	return p
}

func values(metrics []tables.Metric, checkpoint string) map[string]float64 {
	out := map[string]float64{}
	for _, m := range metrics {
		if m.Checkpoint == checkpoint {
			out[m.Group+" "+m.Name] = m.Value
		}
	}
	return out
}

func TestAttackerReadsWhatIsThere(t *testing.T) {
	// In the tiny split, taste is gender: an undefended model gives it away.
	a := stagetest.MustRun(t, LatentProbe(), &pipeline.Cell{Params: params(200), Seed: 3, Inputs: inputs(t)})
	v := values(stagetest.Metrics(t, a), "last")
	if v["gender bacc"] < 0.7 {
		t.Errorf("balanced accuracy of gender is %.3f: the attacker has not learned", v["gender bacc"])
	}
	if v["gender bacc_majority"] != 0.5 {
		t.Errorf("always answering the majority scores %g, want 0.5", v["gender bacc_majority"])
	}
	if math.Abs(v["age mae_original"]-55*v["age mae"]) > 1e-9 {
		t.Errorf("MAE %g in the target's unit is %g years, want 55 times as much", v["age mae"], v["age mae_original"])
	}
	if v["age mae_mean"] <= 0 || v["age mae_median"] <= 0 {
		t.Errorf("baselines of age are %g and %g", v["age mae_mean"], v["age mae_median"])
	}
}

func TestSameAttackGivesTheSameBytes(t *testing.T) {
	in := inputs(t)
	digest := func(seed uint64) string {
		return stagetest.MustRun(t, LatentProbe(), &pipeline.Cell{Params: params(3), Seed: seed, Inputs: in}).Digest().String()
	}
	first := digest(3)
	if digest(3) != first {
		t.Error("two runs of an attack differ")
	}
	if digest(4) == first {
		t.Error("two seeds give the same attack")
	}
}

func TestBatchedAccuracyWeighsBatchesBySize(t *testing.T) {
	predicted := []int32{0, 1, 1, 1, 0}
	truth := []int32{0, 1, 0, 1, -1}
	// Batches of 2: (1), (0 of class 0, 1 of class 1: 0.5); the last has nobody.
	if got := batchedAccuracy(predicted, truth, 2); got != 0.75 {
		t.Errorf("batched accuracy is %g, want 0.75", got)
	}
}
