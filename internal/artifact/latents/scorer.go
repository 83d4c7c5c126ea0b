package latents

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/itemscores"
	"foil/pipeline"
)

// A Scorer scores all items for the users of a split, with the recommender that is the input "model"
// of a cell, or scores of a program. If the cell has the optional input "latents", the recommender decodes these vectors, and
// otherwise it encodes the users itself.
type Scorer struct {
	Latents *Latents // nil: the cell has no such input

	scores      *itemscores.Scores // of a program, instead of a recommender
	recommender artifact.Recommender
	decoder     artifact.LatentRecommender // nil: without latent vectors
	items       int
}

// OpenScorer opens the recommender at a checkpoint. The input "data" of the cell is the split.
func OpenScorer(ctx context.Context, cell *pipeline.Cell, checkpoint string, items int) (*Scorer, error) {
	if model := cell.Inputs["model"]; itemscores.IsArtifact(model) {
		return openScores(cell, model, items)
	}
	r, err := checkpoints.OpenRecommender(ctx, cell, "model", "data", checkpoint)
	if err != nil {
		return nil, err
	}
	s := &Scorer{recommender: r, items: items}
	a, ok := cell.Inputs["latents"]
	if !ok {
		return s, nil
	}
	if s.Latents, err = Open(a, cell.Inputs["data"], checkpoint); err == nil {
		err = s.Latents.OfModel(cell.Inputs["model"])
	}
	if err != nil {
		return nil, err
	}
	if s.decoder, ok = r.(artifact.LatentRecommender); !ok {
		return nil, errors.New("model: this recommender has no latent vectors; leave out the input latents")
	}
	return s, nil
}

// openScores opens the scores of a program. They are the same at all checkpoints.
func openScores(cell *pipeline.Cell, model pipeline.Artifact, items int) (*Scorer, error) {
	s, err := itemscores.Open(model, cell.Inputs["data"])
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if _, ok := cell.Inputs["latents"]; ok {
		return nil, errors.New("model: scores of a program cannot be computed from latent vectors; leave out the input latents")
	}
	return &Scorer{scores: s, items: items}, nil
}

// Reach checks that the k best items of each user of a part are known that the user has not used.
// Lists of a program may be too short.
func (s *Scorer) Reach(part string, used artifact.Rows, k int) error {
	if s.scores == nil {
		return nil
	}
	return s.scores.Reach(part, used, k)
}

// AreGiven says whether the scores are those of a program, which no recommender computes.
func (s *Scorer) AreGiven() bool { return s.scores != nil }

// AreLists says whether the scores of most items are unknown.
func (s *Scorer) AreLists() bool { return s.scores != nil && s.scores.Lists }

// Each calls f with the scores of all items for each user of a part of the split, in order. used are
// the items by which the users are encoded. f may overwrite the scores but must not keep them.
func (s *Scorer) Each(ctx context.Context, part string, used artifact.Rows, f func(user int, scores []float32) error) error {
	check := func(user int, scores []float32) error {
		if slices.ContainsFunc(scores, func(v float32) bool { return v != v }) {
			return errors.New("the model's scores are NaN; its training has diverged: train it with a lower rate")
		}
		return f(user, scores)
	}
	if s.scores != nil {
		return s.scores.Each(part, used.User, check)
	}
	if s.decoder == nil {
		return artifact.EachUser(ctx, s.recommender, used.Lists(), s.items, check)
	}
	l := s.Latents.Of(part)
	if !slices.Equal(used.User, l.User) {
		return fmt.Errorf("the %s users of the split and those of the latent vectors differ", part)
	}
	return artifact.EachLatent(ctx, s.decoder, l.Z, s.items, check)
}
