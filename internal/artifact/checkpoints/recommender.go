package checkpoints

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
)

// OpenRecommender opens the recommender of a cell's input, at a checkpoint, with the kind that the
// artifact names. need is the name of this input. data is the name of the input with the split,
// which must be the split that the recommender was trained on.
func OpenRecommender(ctx context.Context, cell *pipeline.Cell, need, data, checkpoint string) (artifact.Recommender, error) {
	r, err := open(ctx, cell, cell.Inputs[need], cell.Inputs[data], checkpoint)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", need, err)
	}
	return r, nil
}

func open(ctx context.Context, cell *pipeline.Cell, a, data pipeline.Artifact, checkpoint string) (artifact.Recommender, error) {
	s, err := Read(a)
	if err != nil {
		return nil, err
	}
	if used := data.Digest(); used != s.Data {
		return nil, fmt.Errorf("it was trained on the split %s, but this stage uses the split %s, so test users may be part of the training data; use the same split for both",
			s.Data.Short(), used.Short())
	}
	var kind *pipeline.Kind
	if cell.Kind != nil {
		kind = cell.Kind(s.Kind)
	}
	switch {
	case kind == nil:
		return nil, fmt.Errorf("only the kind %q can open it, and this program has no such kind; use the program that trained it, or add the kind to stages/stages.go", s.Kind)
	case kind.Open == nil:
		return nil, fmt.Errorf("it names the kind %s to open it, but that kind has no Open function; name a kind that has one", s.Kind)
	}
	if s.Version != kind.Version {
		return nil, fmt.Errorf("version %d of %s made it, and this program has version %d; train it again, or use the program that trained it",
			s.Version, s.Kind, kind.Version)
	}
	opened, err := kind.Open(ctx, cell, a, checkpoint)
	if err != nil {
		return nil, fmt.Errorf("%s cannot open the %s checkpoint: %w", s.Kind, checkpoint, err)
	}
	r, ok := opened.(artifact.Recommender)
	if !ok {
		return nil, fmt.Errorf("%s opens it as a %T, which does not score items; a recommender is needed", s.Kind, opened)
	}
	return r, nil
}
