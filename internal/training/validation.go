package training

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/scores"
	"foil/pipeline"
	"foil/spec"
)

// Select is the parameter that names the validation score by which the best epoch is selected.
type Select struct {
	Metric string `yaml:"metric" oneof:"ndcg,recall"`
	K      int    `yaml:"k" min:"1" max:"1000000"`
}

// SelectParams describes a Select.
var SelectParams = &spec.Params[Select]{
	Docs: spec.Docs{
		"metric": "validation score; higher is better",
		"k":      "cut-off of the score",
	},
}

// CheckFacts reports a cut-off beyond the number of items of the input data, as far as it is known.
func (s Select) CheckFacts(inputs []pipeline.Input, report spec.Reporter) {
	if items, known := pipeline.AtMost(inputs, "data", "items"); known && s.K > items {
		report("select.k", "the cut-off is %d, but the data has at most %d items; lower it", s.K, items)
	}
}

// String is the score's name, such as "ndcg@10".
func (s Select) String() string { return fmt.Sprintf("%s@%d", s.Metric, s.K) }

// Curve is the name of the score's curve, and By describes how the epoch was selected.
func (s Select) Curve() string { return "validation/" + s.String() }
func (s Select) By() string    { return "validation " + s.String() }

// A Validation scores a recommender on users outside the training data. The recommender sees a part
// of their items and ranks all other items.
type Validation struct {
	Users [][]int32 // the items that the recommender sees of each user
	Items int       // how many items there are

	target artifact.Rows
	seen   scores.Seen
	metric func(top, target []int32, k int) float64
	k      int
	ranker *scores.Ranker
}

// NewValidation makes a Validation of the validation users of a split.
func NewValidation(split *artifact.Split, s Select, seen scores.Seen) (*Validation, error) {
	input, target := artifact.NewRows(split.ValidationInput), artifact.NewRows(split.ValidationTarget)
	if !slices.Equal(input.User, target.User) {
		return nil, errors.New("the validation inputs and the validation targets of the split belong to different users")
	}
	if input.Len() == 0 {
		return nil, errors.New("the split has no validation users, so the best epoch cannot be selected")
	}
	if err := scores.CheckCutoff("select.k", s.K, split.Items.Len()); err != nil {
		return nil, err
	}
	v := &Validation{
		Users:  input.Lists(),
		Items:  split.Items.Len(),
		target: target,
		seen:   seen,
		metric: scores.NDCG,
		k:      s.K,
		ranker: scores.NewRanker(s.K),
	}
	if s.Metric == "recall" {
		v.metric = scores.Recall
	}
	return v, nil
}

// Target returns the held-out items of a user.
func (v *Validation) Target(user int) []int32 { return v.target.Items(user) }

// Score evaluates the scores that a recommender gives to all items for a user. It masks the items
// that the recommender has seen, in place.
func (v *Validation) Score(user int, all []float32) float64 {
	v.seen.Mask(all, v.Users[user])
	return v.metric(v.ranker.Top(all), v.Target(user), v.k)
}

// Run returns the mean score over all users.
func (v *Validation) Run(ctx context.Context, r artifact.Recommender) (float64, error) {
	sum := 0.0
	err := artifact.EachUser(ctx, r, v.Users, v.Items, func(user int, all []float32) error {
		sum += v.Score(user, all)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("validation: %w", err)
	}
	return sum / float64(len(v.Users)), nil
}
