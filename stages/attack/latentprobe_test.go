package attack

import (
	"maps"
	"math"
	"testing"

	"foil/internal/artifact"
	"foil/internal/attributes"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/models/adversary"
	"foil/pipeline"
)

func inputs(t *testing.T) map[string]pipeline.Artifact {
	t.Helper()
	data := kindtest.Split(t)
	return map[string]pipeline.Artifact{"latents": trained.Latents(t, trained.Model(t, data, 0), data), "data": data}
}

func params(epochs int) *LatentProbeParams {
	p := latentProbeParams.New()
	p.Epochs, p.Batch, p.Rate = epochs, 16, 1e-2
	p.Attributes = make([]Attribute, 2)
	for i, name := range []string{"gender", "age"} {
		p.Attributes[i] = *attributeParams.New()
		p.Attributes[i].Attribute = name
	}
	p.Attributes[1].Range = []float64{1, 56}
	return p
}

func values(metrics []artifact.Metric, checkpoint string) map[string]float64 {
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
	a := kindtest.MustRun(t, LatentProbe(), params(200), &pipeline.Cell{Seed: 3, Inputs: inputs(t)})
	v := values(kindtest.Metrics(t, a), "last")
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

// golden are the scores of a short attack; see the note on digests in
// stages/train/advxmultvae. When they change, raise the kind's Version.
var golden = map[string]float64{
	"gender bacc": 0.8, "gender bacc_majority": 0.5,
	"age mae": 0.208178, "age mae_original": 11.4498, "age mae_mean": 0.215152, "age mae_median": 0.227273,
}

func TestTinyAttackIsPinned(t *testing.T) {
	p := params(12)
	p.Attributes[0].ClassWeights = map[string]float64{"f": 0.8, "m": 0.3}
	a := kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: inputs(t)})
	got := values(kindtest.Metrics(t, a), "best")
	for name, want := range golden {
		if v, ok := got[name]; !ok || math.Abs(v-want) > 1e-4*math.Abs(want) {
			t.Errorf("%q: %.6g, want %.6g; has Version been raised?", name, v, want)
		}
	}
	if len(got) != len(golden) {
		t.Errorf("%d scores of the best checkpoint, want %d: %v", len(got), len(golden), got)
	}
}

// TestDropoutOfAnAttackerMatters keeps the published dropout from being lost.
func TestDropoutOfAnAttackerMatters(t *testing.T) {
	in := inputs(t)
	with := kindtest.MustRun(t, LatentProbe(), params(12), &pipeline.Cell{Seed: 3, Inputs: in})
	p := params(12)
	p.Attributes[0].Dropout, p.Attributes[1].Dropout = 0, 0
	without := kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in})
	if with.Digest() == without.Digest() {
		t.Error("an attack with dropout is the same as one without")
	}
}

func TestCheckpointsAreAttackedAsNamed(t *testing.T) {
	data := kindtest.Split(t)
	long := trained.Model(t, data, 0)
	short := trained.Model(t, data, trained.BestEpoch(t, long))
	attack := func(model pipeline.Artifact, checkpoint string) map[string]float64 {
		p := params(12)
		p.Checkpoints = []string{checkpoint}
		a := kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: map[string]pipeline.Artifact{"latents": trained.Latents(t, model, data), "data": data}})
		return values(kindtest.Metrics(t, a), checkpoint)
	}
	if best, last := attack(long, "best"), attack(short, "last"); !maps.Equal(best, last) {
		t.Errorf("the best checkpoint gives %v, the last of a training that ends there %v", best, last)
	}
	if maps.Equal(attack(long, "best"), attack(long, "last")) {
		t.Error("best and last checkpoint give the same: the case shows nothing")
	}
}

func TestBaselinesAreOfTrainingUsers(t *testing.T) {
	v := victim{
		Target: &attributes.Target{Name: "age", Scale: 10},
		train:  adversary.Targets{Value: []float32{0, 0, 0.4, 1}}, // mean 0.35, median 0.2
	}
	got := map[string]float64{}
	metrics, _ := v.scoreNumber([]float32{0.5, 1}, []float32{1, 1})
	for _, m := range metrics {
		got[m.Name] = m.Value
	}
	for name, want := range map[string]float64{"mae": 0.25, "mae_original": 2.5, "mae_mean": 0.65, "mae_median": 0.8} {
		if math.Abs(got[name]-want) > 1e-6 {
			t.Errorf("%s is %g, want %g", name, got[name], want)
		}
	}
}

func TestSameAttackGivesTheSameBytes(t *testing.T) {
	in := inputs(t)
	digest := func(seed uint64) string {
		return kindtest.MustRun(t, LatentProbe(), params(3), &pipeline.Cell{Seed: seed, Inputs: in}).Digest().String()
	}
	first := digest(3)
	if digest(3) != first {
		t.Error("two runs of an attack differ")
	}
	if digest(4) == first {
		t.Error("two seeds give the same attack")
	}
}
