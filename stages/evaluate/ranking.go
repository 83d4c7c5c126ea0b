// Package evaluate holds the stages that score models.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/attributes"
	"foil/internal/scores"
	"foil/pipeline"
)

// RankingParams are the parameters of evaluate/ranking.
type RankingParams struct {
	K           []int    `yaml:"k" min:"1" max:"1000000" nonempty:"true" doc:"cut-offs of the scores"`
	Checkpoints []string `yaml:"checkpoints" oneof:"best,last" nonempty:"true" doc:"which weights are scored"`
	Seen        string   `yaml:"seen" oneof:"exclude,zero" doc:"what becomes of items that the user is known to have: exclude them, or set their logits to zero as the published code does"`
	Groups      []string `yaml:"groups" doc:"categorical or coded attributes by whose values the scores are also given, with the gap between the best and the worst group"`
}

// Check reports what no single field shows.
func (p *RankingParams) Check(report func(path, format string, args ...any)) {
	attributes.CheckUnique("k", "", p.K, report)
	attributes.CheckUnique("checkpoints", "", p.Checkpoints, report)
	attributes.CheckUnique("groups", "", p.Groups, report)
}

// Ranking is evaluate/ranking.
func Ranking() pipeline.Kind {
	return pipeline.Kind{
		Name:    "evaluate/ranking",
		Version: 4,
		Doc: "Scores recommendations to test users, of whose items the model sees a part: NDCG and recall of the rest, " +
			"averaged over users, and coverage of the items (Escobedo et al. 2024, section 4).",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeRecommender, Doc: "the recommender"},
			{Name: "latents", Type: artifact.TypeLatents, Optional: true, Doc: "its latent vectors, if it has any and they are there: they are not made again, and the scores are the same"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that it was trained on"},
		},
		Output: artifact.TypeMetrics,
		Files:  []pipeline.FileDoc{{Name: artifact.MetricsFile, Doc: "ndcg, recall and coverage at each k; ndcg_gap and recall_gap for each of groups"}},
		Params: func() any {
			return &RankingParams{K: []int{10, 20, 50}, Checkpoints: []string{checkpoints.Best, checkpoints.Last}, Seen: "exclude"}
		},
		Numeric: true,
		Run:     runRanking,
	}
}

func runRanking(ctx context.Context, cell *pipeline.Cell) error {
	p := cell.Params.(*RankingParams)
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return err
	}
	if k := slices.Max(p.K); k > split.Items.Len() {
		return fmt.Errorf("k is %d, and the data has %d items: there is no such cut-off", k, split.Items.Len())
	}
	input := artifact.NewRows(split.TestInput)
	var metrics []artifact.Metric
	for _, checkpoint := range p.Checkpoints {
		give, err := source(ctx, cell, checkpoint, input, split.Items.Len())
		if err != nil {
			return err
		}
		found, err := score(give, input, split, p)
		if err != nil {
			return fmt.Errorf("%s checkpoint: %w", checkpoint, err)
		}
		for i := range found {
			found[i].Checkpoint = checkpoint
		}
		metrics = append(metrics, found...)
	}
	return artifact.WriteFile(cell.Create, artifact.MetricsFile, func(w io.Writer) error {
		return artifact.WriteMetrics(w, metrics)
	})
}

// A giver calls f with the scores that a recommender gives to all items for each test user, in
// order.
type giver func(f func(user int, scores []float32) error) error

// source opens the recommender, and its latent vectors if the cell is given them.
func source(ctx context.Context, cell *pipeline.Cell, checkpoint string, input artifact.Rows, items int) (giver, error) {
	r, err := checkpoints.OpenRecommender(ctx, cell, "model", "data", checkpoint)
	if err != nil {
		return nil, err
	}
	a, ok := cell.Inputs["latents"]
	if !ok {
		return func(f func(int, []float32) error) error { return artifact.EachUser(ctx, r, input.Lists(), items, f) }, nil
	}
	l, err := latents.Open(a, cell.Inputs["data"], checkpoint)
	if err == nil {
		err = l.OfModel(cell.Inputs["model"])
	}
	if err != nil {
		return nil, err
	}
	latent, ok := r.(artifact.LatentRecommender)
	if !ok {
		return nil, errors.New("model: this recommender has no latent vectors; leave out the input latents")
	}
	if !slices.Equal(input.User, l.Test.User) {
		return nil, errors.New("the split's test inputs and the latent vectors are of different users")
	}
	return func(f func(int, []float32) error) error { return artifact.EachLatent(ctx, latent, l.Test.Z, items, f) }, nil
}

// score ranks all items for every test user.
func score(give giver, input artifact.Rows, split *artifact.Split, p *RankingParams) ([]artifact.Metric, error) {
	groups, err := groupsOf(split, p.Groups)
	if err != nil {
		return nil, err
	}
	target := artifact.NewRows(split.TestTarget)
	if !slices.Equal(input.User, target.User) {
		return nil, errors.New("the split's test inputs and its targets are of different users")
	}
	if input.Len() == 0 {
		return nil, errors.New("the split has no test users, so there is nothing to score")
	}
	all := newTally("", p.K, split.Items.Len())
	sc := scorer{
		input:  input,
		target: target,
		seen:   scores.Seen(p.Seen),
		ranker: scores.NewRanker(slices.Max(p.K)),
		tallies: func(u int) []*tally {
			tallies := []*tally{all}
			for _, g := range groups {
				if t := g.of(input.User[u], p.K, split.Items.Len()); t != nil {
					tallies = append(tallies, t)
				}
			}
			return tallies
		},
	}
	if err := give(sc.add); err != nil {
		return nil, err
	}
	metrics := all.metrics()
	for _, g := range groups {
		metrics = append(metrics, g.metrics(p.K)...)
	}
	return metrics, nil
}

// A scorer ranks what a model gives each user.
type scorer struct {
	input   artifact.Rows // what the model saw
	target  artifact.Rows
	seen    scores.Seen
	ranker  *scores.Ranker
	tallies func(user int) []*tally // that a user counts in
}

// add ranks a user's scores, which it overwrites.
func (s *scorer) add(u int, all []float32) error {
	if slices.ContainsFunc(all, func(v float32) bool { return v != v }) {
		return errors.New("the model gives scores that are not numbers: it has diverged")
	}
	s.seen.Mask(all, s.input.Items(u))
	top, wanted := s.ranker.Top(all), s.target.Items(u)
	for _, t := range s.tallies(u) {
		t.add(top, wanted)
	}
	return nil
}
