// Package evaluate holds the kinds that evaluate models and attacks.
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
	"foil/spec"
)

// RankingParams are the parameters of evaluate/ranking.
type RankingParams struct {
	K           []int    `yaml:"k" min:"1" max:"1000000" nonempty:"true"`
	Checkpoints []string `yaml:"checkpoints" oneof:"best,last" nonempty:"true"`
	Seen        string   `yaml:"seen" oneof:"exclude,zero"`
	Groups      []string `yaml:"groups"`
}

var rankingParams = &spec.Params[RankingParams]{
	Defaults: func() RankingParams {
		return RankingParams{K: []int{10, 20, 50}, Checkpoints: []string{checkpoints.Best, checkpoints.Last}, Seen: "exclude"}
	},
	Docs: spec.Docs{
		"k":           "cut-offs of the scores",
		"checkpoints": "checkpoints to evaluate",
		"seen": "how to treat items that the user already has. " +
			"exclude: the ranking leaves them out. zero: their logits are set to zero, as in the published code.",
		"groups": "attributes with few values. The scores are also given for the users with each value, " +
			"and with the gap between the best and the worst value.",
	},
	Check: (*RankingParams).check,
}

func (p *RankingParams) check(report spec.Reporter) {
	attributes.CheckUnique("k", "", p.K, report)
	attributes.CheckUnique("checkpoints", "", p.Checkpoints, report)
	attributes.CheckUnique("groups", "", p.Groups, report)
}

// Ranking is evaluate/ranking.
func Ranking() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "evaluate/ranking",
		Version: 4,
		Doc: "Scores a recommender on the test users: NDCG and recall, averaged over users, and coverage of the items " +
			"(Escobedo et al. 2024, section 4). The model gets a part of each user's items and must rank the others high.",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeRecommender, Doc: "the recommender"},
			{Name: "latents", Type: artifact.TypeLatents, Optional: true,
				Doc: "latent vectors of the recommender. With those of encode/latents, users are not encoded again; the scores are the same. " +
					"With those of erase/leace, the model decodes vectors without the erased attributes."},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the recommender was trained on"},
		},
		Output: artifact.TypeMetrics,
		Files: []pipeline.FileDoc{{Name: artifact.MetricsFile,
			Doc: "ndcg, recall and coverage at each k; ndcg_gap and recall_gap for each attribute in groups"}},
		Numeric: true,
		Cost:    pipeline.Cost{Times: []string{"data/users.arrow", "model/last.safetensors"}, Like: []string{"checkpoints"}},
	}, rankingParams, pipeline.Work[RankingParams]{CheckFacts: (*RankingParams).checkFacts, Facts: (*RankingParams).facts, Run: runRanking})
}

// checkFacts reports cut-offs beyond the number of items, as far as it is known.
func (p *RankingParams) checkFacts(inputs []pipeline.Input, report, _ spec.Reporter) {
	items, known := pipeline.AtMost(inputs, "data", "items")
	for i, k := range p.K {
		if known && k > items {
			report(fmt.Sprintf("k[%d]", i), "the cut-off is %d, but the data has at most %d items; lower it", k, items)
		}
	}
}

// facts lists the metrics. The values of attributes in groups are not known.
func (p *RankingParams) facts(map[string]*pipeline.Facts) *pipeline.Facts {
	f := &pipeline.Facts{}
	for _, checkpoint := range p.Checkpoints {
		for _, k := range p.K {
			m := pipeline.Metric{K: k, Split: artifact.Test, Checkpoint: checkpoint}
			for _, m.Name = range []string{"ndcg", "recall", "coverage"} {
				f.Metrics = append(f.Metrics, m)
			}
			for _, m.Group = range p.Groups {
				for _, m.Name = range []string{"ndcg_gap", "recall_gap"} {
					f.Metrics = append(f.Metrics, m)
				}
			}
		}
	}
	if len(p.Groups) > 0 {
		for _, name := range []string{"ndcg", "recall", "coverage"} {
			f.Metrics = append(f.Metrics, pipeline.Metric{Name: name, Open: true})
		}
	}
	return f
}

func runRanking(ctx context.Context, cell *pipeline.Cell, p *RankingParams) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return err
	}
	if err := scores.CheckCutoff("k", slices.Max(p.K), split.Items.Len()); err != nil {
		return err
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

// A giver calls f for each test user, in order, with the recommender's scores of all items.
type giver func(f func(user int, scores []float32) error) error

// source opens the recommender, and its latent vectors if they are among the inputs.
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
		return nil, errors.New("the test inputs of the split and the latent vectors belong to different users")
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
		return nil, errors.New("the test inputs and the test targets of the split belong to different users")
	}
	if input.Len() == 0 {
		return nil, errors.New("the split has no test users")
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

// A scorer ranks the items for each user by the scores of a model.
type scorer struct {
	input   artifact.Rows // items that the model gets
	target  artifact.Rows
	seen    scores.Seen
	ranker  *scores.Ranker
	tallies func(user int) []*tally // of all users, and of the groups that the user belongs to
}

// add ranks the items of a user. It changes the scores.
func (s *scorer) add(u int, all []float32) error {
	if slices.ContainsFunc(all, func(v float32) bool { return v != v }) {
		return errors.New("the model's scores are NaN; its training has diverged: train it with a lower rate")
	}
	s.seen.Mask(all, s.input.Items(u))
	top, wanted := s.ranker.Top(all), s.target.Items(u)
	for _, t := range s.tallies(u) {
		t.add(top, wanted)
	}
	return nil
}
