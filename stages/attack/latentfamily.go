package attack

import (
	"context"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/pipeline"
	"foil/spec"
)

// LatentFamily is attack/latent-family.
func LatentFamily() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "attack/latent-family",
		Version: 3,
		Doc: "Attacks a trained recommender with a family of attackers: linear, gradient-boosted trees, and a network. " +
			"Each is trained on the latent vectors of the training users with the loss that is scored and balanced classes, " +
			"trees and networks until the loss on the validation users falls no more. " +
			"The strongest one on the validation users counts: the highest AUC, or the lowest absolute error. " +
			"Training users are encoded by all their items and the others by their input items, so the vectors that the attackers " +
			"learn from are of longer profiles than those that they are scored on. match_lengths of encode/latents makes them equally long.",
		Inputs: []pipeline.Port{
			{Name: "latents", Type: artifact.TypeLatents, Doc: "the latent vectors of the recommender"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the recommender was trained on"},
		},
		Output:    artifact.TypeMetrics,
		Files:     familyFiles("latent vectors"),
		Draws:     true,
		Libraries: familyLibraries,
		Cost:      pipeline.Cost{Times: []string{"latents/last.safetensors"}, Like: familyLike},
	}, sharedFamilyParams, pipeline.Work[FamilyParams]{
		CheckFacts: func(_ *FamilyParams, inputs []pipeline.Input, report, _ spec.Reporter) { checkShared(inputs, report) },
		Facts:      (*FamilyParams).facts,
		Run:        runLatentFamily,
	})
}

func runLatentFamily(ctx context.Context, cell *pipeline.Cell, p *FamilyParams) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err == nil {
		err = checkUsers(split)
	}
	if err != nil {
		return err
	}
	return runFamily(ctx, cell, p, &split.Users, func(checkpoint string) (*view, error) {
		l, err := latents.Open(cell.Inputs["latents"], cell.Inputs["data"], checkpoint)
		if err != nil {
			return nil, err
		}
		return latentView(l), nil
	})
}

func latentView(l *latents.Latents) *view {
	v := &view{width: l.Width, of: map[string]latents.Part{}, note: matchNote(l.Matched)}
	for _, part := range []string{artifact.Train, artifact.Validation, artifact.Test} {
		v.of[part] = *l.Of(part)
	}
	return v
}
