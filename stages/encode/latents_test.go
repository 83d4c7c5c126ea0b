package encode_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/kindtest"
	"foil/internal/kindtest/trained"
	"foil/pipeline"
)

// golden begins the latent vector of the first test user; see the note on digests in
// stages/train/advxmultvae. When they change, raise the kind's Version.
var golden = []float32{-0.314362}

func TestEveryUserIsEncodedOnce(t *testing.T) {
	data := kindtest.Split(t)
	model := trained.Model(t, data, 0)
	a := trained.Latents(t, model, data)
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := latents.Open(a, data, checkpoints.Last)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		name string
		got  latents.Part
		of   artifact.Interactions
	}{
		{"train", l.Train, split.Train}, {"validation", l.Validation, split.ValidationInput}, {"test", l.Test, split.TestInput},
	} {
		if want := artifact.NewRows(part.of).User; !slices.Equal(part.got.User, want) {
			t.Errorf("%s users are %v, want %v", part.name, part.got.User, want)
		}
		if len(part.got.Z) != len(part.got.User)*l.Width {
			t.Errorf("%d values for %d %s users of width %d", len(part.got.Z), len(part.got.User), part.name, l.Width)
		}
	}
	for i, want := range golden {
		if got := l.Test.Z[i]; math.Abs(float64(got-want)) > 1e-4*math.Abs(float64(want)) {
			t.Errorf("value %d of the first test user is %.6g, want %.6g; has Version been raised?", i, got, want)
		}
	}
}

func TestCheckpointsAreEncodedAsNamed(t *testing.T) {
	data := kindtest.Split(t)
	long := trained.Model(t, data, 0)
	short := trained.Model(t, data, trained.BestEpoch(t, long))
	z := func(model pipeline.Artifact, checkpoint string) []float32 {
		l, err := latents.Open(trained.Latents(t, model, data), data, checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		return l.Test.Z
	}
	if !slices.Equal(z(long, "best"), z(short, "last")) {
		t.Error("the best checkpoint is encoded in another way than the last of a training that ends there")
	}
	if slices.Equal(z(long, "best"), z(long, "last")) {
		t.Error("best and last checkpoint are encoded alike: the case shows nothing")
	}
}

func TestLatentsOfAnotherSplitAreRefused(t *testing.T) {
	data := kindtest.Split(t)
	a := trained.Latents(t, trained.Model(t, data, 1), data)
	other := data
	other.Files = data.Files[1:]
	if _, err := latents.Open(a, other, checkpoints.Best); err == nil || !strings.Contains(err.Error(), "belong to the split") {
		t.Errorf("error %v, want one that names another split", err)
	}
}
