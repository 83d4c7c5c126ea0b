package latents

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/pipeline"
)

// A Scorer scores all items for the users of a split, with the recommender that is the input "model"
// of a cell. If the cell has the optional input "latents", the recommender decodes these vectors, and
// otherwise it encodes the users itself.
type Scorer struct {
	Latents *Latents // nil: the cell has no such input

	recommender artifact.Recommender
	decoder     artifact.LatentRecommender // nil: without latent vectors
	items       int
}

// OpenScorer opens the recommender at a checkpoint. The input "data" of the cell is the split.
func OpenScorer(ctx context.Context, cell *pipeline.Cell, checkpoint string, items int) (*Scorer, error) {
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

// Each calls f with the scores of all items for each user of a part of the split, in order. used are
// the items by which the users are encoded. f may overwrite the scores but must not keep them.
func (s *Scorer) Each(ctx context.Context, part string, used artifact.Rows, f func(user int, scores []float32) error) error {
	check := func(user int, scores []float32) error {
		if slices.ContainsFunc(scores, func(v float32) bool { return v != v }) {
			return errors.New("the model's scores are NaN; its training has diverged: train it with a lower rate")
		}
		return f(user, scores)
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
