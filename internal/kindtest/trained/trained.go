// Package trained trains small models for the tests of later stages.
package trained

import (
	"testing"

	"foil/internal/artifact/checkpoints"
	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/stages/encode"
	"foil/stages/train/advxmultvae"
)

// Model trains a small MultVAE, whose best epoch is not its last, on the split of kindtest. epochs
// 0 means the default number.
func Model(t testing.TB, data pipeline.Artifact, epochs int) pipeline.Artifact {
	t.Helper()
	kind := advxmultvae.Kind()
	p := kind.Params().(*advxmultvae.Params)
	p.Epochs, p.Batch, p.Latent, p.Beta, p.Rate = 40, 16, 8, 0.01, 0.02
	if epochs > 0 {
		p.Epochs = epochs
	}
	return kindtest.MustRun(t, kind, p, &pipeline.Cell{Seed: 7, Inputs: map[string]pipeline.Artifact{"data": data}})
}

// Kinds finds the kinds that open the artifacts of this package, for Cell.Kind.
var Kinds = kindtest.Kinds(advxmultvae.Kind())

// Latents encodes the users of a split.
func Latents(t testing.TB, model, data pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	return kindtest.MustRun(t, encode.Latents(), nil, &pipeline.Cell{Kind: Kinds, Inputs: map[string]pipeline.Artifact{"model": model, "data": data}})
}

// MatchedLatents encodes training users by as large a part of their items as test users.
func MatchedLatents(t testing.TB, model, data pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	return kindtest.MustRun(t, encode.Latents(), &encode.LatentsParams{MatchLengths: true},
		&pipeline.Cell{Kind: Kinds, Seed: 5, Inputs: map[string]pipeline.Artifact{"model": model, "data": data}})
}

// BestEpoch is the epoch of the model's best checkpoint.
func BestEpoch(t testing.TB, model pipeline.Artifact) int {
	t.Helper()
	c, err := checkpoints.Read(model)
	if err != nil {
		t.Fatal(err)
	}
	return c.BestEpoch
}
