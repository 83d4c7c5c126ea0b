// Package traintest trains small models for the tests of what comes after.
package traintest

import (
	"testing"

	"foil/pipeline"
	"foil/stages/encode"
	"foil/stages/modelfile"
	"foil/stages/stagetest"
	"foil/stages/train"
)

// Model trains a small MultVAE, whose best epoch is not its last, on the split
// of stagetest. epochs 0 means as many as that takes.
func Model(t testing.TB, data pipeline.Artifact, epochs int) pipeline.Artifact {
	t.Helper()
	kind := train.AdvXMultVAE()
	p := kind.Params().(*train.AdvXMultVAEParams)
	p.Epochs, p.Batch, p.Latent, p.Beta, p.Rate = 40, 16, 8, 0.01, 0.02
	if epochs > 0 {
		p.Epochs = epochs
	}
	return stagetest.MustRun(t, kind, &pipeline.Cell{Params: p, Seed: 7, Inputs: map[string]pipeline.Artifact{"data": data}})
}

// Latents encodes the users of a split.
func Latents(t testing.TB, model, data pipeline.Artifact) pipeline.Artifact {
	t.Helper()
	return stagetest.MustRun(t, encode.Latents(), &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"model": model, "data": data}})
}

// BestEpoch is the epoch of the model's best checkpoint.
func BestEpoch(t testing.TB, model pipeline.Artifact) int {
	t.Helper()
	c, err := modelfile.ReadConfig(model)
	if err != nil {
		t.Fatal(err)
	}
	return c.BestEpoch
}
