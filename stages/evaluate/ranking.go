// Package evaluate holds the stages that score models.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"foil/internal/artifact"
	"foil/internal/scores"
	"foil/models/backend"
	"foil/models/multvae"
	"foil/pipeline"
	"foil/stages/attributes"
	"foil/stages/latentfile"
	"foil/stages/modelfile"
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
		Version: 3,
		Doc: "Scores recommendations to test users, of whose items the model sees a part: NDCG and recall of the rest, " +
			"averaged over users, and coverage of the items (Escobedo et al. 2024, section 4).",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeModel, Doc: "the recommender"},
			{Name: "latents", Type: artifact.TypeLatents, Doc: "its latent vectors"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that it was trained on"},
		},
		Output: artifact.TypeMetrics,
		Files:  []pipeline.FileDoc{{Name: artifact.MetricsFile, Doc: "ndcg, recall and coverage at each k; ndcg_gap and recall_gap for each of groups"}},
		Params: func() any {
			return &RankingParams{K: []int{10, 20, 50}, Checkpoints: []string{modelfile.Best, modelfile.Last}, Seen: "exclude"}
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
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return err
	}
	var metrics []artifact.Metric
	for _, checkpoint := range p.Checkpoints {
		m, _, err := modelfile.OpenMultVAE(b, cell.Inputs["model"], cell.Inputs["data"], checkpoint)
		if err != nil {
			return err
		}
		l, err := latentfile.Open(cell.Inputs["latents"], cell.Inputs["data"], checkpoint)
		if err == nil {
			err = l.OfModel(cell.Inputs["model"])
		}
		if err != nil {
			return err
		}
		found, err := score(ctx, m, l.Test, split, p)
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

// score ranks all items for every test user.
func score(ctx context.Context, m *multvae.Model, latents latentfile.Part, split *artifact.Split, p *RankingParams) ([]artifact.Metric, error) {
	groups, err := groupsOf(split, p.Groups)
	if err != nil {
		return nil, err
	}
	input, target := artifact.NewRows(split.TestInput), artifact.NewRows(split.TestTarget)
	if !slices.Equal(input.User, target.User) || !slices.Equal(input.User, latents.User) {
		return nil, fmt.Errorf("the split's test inputs, its targets and the latent vectors are of different users")
	}
	if input.Len() == 0 {
		return nil, errors.New("the split has no test users, so there is nothing to score")
	}
	all := newTally("", p.K, split.Items.Len())
	sc := scorer{
		input:  modelfile.Rows(input),
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
	if err := m.Decode(ctx, latents.Z, sc.add); err != nil {
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
	input   multvae.Rows // what the model saw
	target  artifact.Rows
	seen    scores.Seen
	ranker  *scores.Ranker
	tallies func(user int) []*tally // that a user counts in
}

// add ranks a user's logits, which it overwrites.
func (s *scorer) add(u int, logits []float32) error {
	if slices.ContainsFunc(logits, func(v float32) bool { return v != v }) {
		return errors.New("the model gives logits that are not numbers: it has diverged")
	}
	s.seen.Mask(logits, s.input.Row(int32(u)))
	top, wanted := s.ranker.Top(logits), s.target.Items(u)
	for _, t := range s.tallies(u) {
		t.add(top, wanted)
	}
	return nil
}
