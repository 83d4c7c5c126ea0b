// Package encode holds the kinds that compute representations with trained models.
package encode

import (
	"context"
	"errors"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/pipeline"
	"foil/spec"
)

// LatentsParams are the parameters of encode/latents.
type LatentsParams struct {
	MatchLengths bool `yaml:"match_lengths"`
}

var latentsParams = &spec.Params[LatentsParams]{
	Docs: spec.Docs{
		"match_lengths": "encode training users by a random part of their items, as large as the part of the items of test users " +
			"that recommenders get. Otherwise training users are encoded by all their items, so attackers learn from vectors of longer profiles than those that they are scored on.",
	},
}

// Latents is encode/latents.
func Latents() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "encode/latents",
		Version: 2,
		Doc: "Encodes all users of a split with both checkpoints of a recommender that has latent vectors. " +
			"The recommender is in evaluation mode: MultVAE gives the mean. " +
			"Attacks and evaluations share the result.",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeRecommender, Doc: "the recommender"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the model was trained on"},
		},
		Output:  artifact.TypeLatents,
		Files:   latents.Docs,
		Draws:   true,
		Numeric: true,
		Cost:    pipeline.Cost{Times: []string{"data/users.arrow", "model/last.safetensors"}},
	}, latentsParams, pipeline.Work[LatentsParams]{Run: run})
}

func run(ctx context.Context, cell *pipeline.Cell, p *LatentsParams) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return err
	}
	config := latents.Config{Data: cell.Inputs["data"].Digest(), Model: cell.Inputs["model"].Digest()}
	train := split.Train
	if p.MatchLengths {
		if train, config.Matched, err = MatchLengths(split, cell.Seed); err != nil {
			return err
		}
	}
	found := map[string]*latents.Latents{}
	for _, checkpoint := range []string{checkpoints.Best, checkpoints.Last} {
		opened, err := checkpoints.OpenRecommender(ctx, cell, "model", "data", checkpoint)
		if err != nil {
			return err
		}
		r, ok := opened.(artifact.LatentRecommender)
		if !ok {
			return errors.New("model: this recommender has no latent vectors; leave out this stage, and the input latents of evaluate/ranking")
		}
		config.Width = r.Width()
		l := &latents.Latents{}
		for _, part := range []struct {
			to    *latents.Part
			users artifact.Interactions
		}{{&l.Train, train}, {&l.Validation, split.ValidationInput}, {&l.Test, split.TestInput}} {
			if *part.to, err = encode(ctx, r, part.users); err != nil {
				return err
			}
		}
		found[checkpoint] = l
	}
	return latents.Write(cell.Create, config, found)
}

func encode(ctx context.Context, r artifact.LatentRecommender, x artifact.Interactions) (latents.Part, error) {
	rows := artifact.NewRows(x)
	p := latents.Part{User: rows.User, Z: make([]float32, rows.Len()*r.Width())}
	return p, r.Latents(ctx, rows.Lists(), p.Z)
}
