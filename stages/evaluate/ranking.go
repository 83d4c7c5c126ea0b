// Package evaluate holds the stages that score models.
package evaluate

import (
	"context"
	"fmt"
	"io"
	"slices"

	"foil/internal/scores"
	"foil/internal/tables"
	"foil/models/backend"
	"foil/models/multvae"
	"foil/pipeline"
	"foil/stages/modelfile"
)

// RankingParams are the parameters of evaluate/ranking.
type RankingParams struct {
	K           []int    `yaml:"k" min:"1" nonempty:"true" doc:"cut-offs of the scores"`
	Checkpoints []string `yaml:"checkpoints" oneof:"best,last" nonempty:"true" doc:"which weights are scored"`
	Seen        string   `yaml:"seen" oneof:"exclude,zero" doc:"what becomes of items that the user is known to have: exclude them, or set their logits to zero as the published code does"`
	Groups      []string `yaml:"groups" doc:"categorical or coded attributes by whose values the scores are also given, with the gap between the best and the worst group"`
}

// Ranking is evaluate/ranking.
func Ranking() pipeline.Kind {
	return pipeline.Kind{
		Name:    "evaluate/ranking",
		Version: 1,
		Doc: "Scores recommendations to test users, of whose items the model sees a part: NDCG and recall of the rest, " +
			"averaged over users, and coverage of the items (Escobedo et al. 2024, section 4).",
		Inputs: []pipeline.Port{
			{Name: "model", Type: tables.TypeModel, Doc: "the recommender"},
			{Name: "data", Type: tables.TypeSplit, Doc: "the split that it was trained on"},
		},
		Output: tables.TypeMetrics,
		Files:  []pipeline.FileDoc{{Name: tables.MetricsFile, Doc: "ndcg, recall and coverage at each k; ndcg_gap and recall_gap for each of groups"}},
		Params: func() any {
			return &RankingParams{K: []int{10, 20, 50}, Checkpoints: []string{modelfile.Best, modelfile.Last}, Seen: "exclude"}
		},
		Numeric: true,
		Run:     runRanking,
	}
}

func runRanking(ctx context.Context, cell *pipeline.Cell) error {
	p := cell.Params.(*RankingParams)
	split, err := tables.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return err
	}
	groups, err := groupsOf(split, p.Groups)
	if err != nil {
		return err
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return err
	}
	var metrics []tables.Metric
	for _, checkpoint := range p.Checkpoints {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, config, err := modelfile.OpenMultVAE(b, cell.Inputs["model"], checkpoint)
		if err != nil {
			return err
		}
		if config.Items != split.Items.Len() {
			return fmt.Errorf("the model was trained on %d items, the data has %d: is it another split?", config.Items, split.Items.Len())
		}
		found, err := score(m, split, p, groups)
		if err != nil {
			return err
		}
		for i := range found {
			found[i].Checkpoint = checkpoint
		}
		metrics = append(metrics, found...)
	}
	return tables.WriteFile(cell.Create, tables.MetricsFile, func(w io.Writer) error {
		return tables.WriteMetrics(w, metrics)
	})
}

// score ranks all items for every test user.
func score(m *multvae.Model, split *tables.Split, p *RankingParams, groups []grouping) ([]tables.Metric, error) {
	input, target := tables.NewRows(split.TestInput), tables.NewRows(split.TestTarget)
	if !slices.Equal(input.User, target.User) {
		return nil, fmt.Errorf("the split's test inputs and targets are of different users")
	}
	everyone := make([]int32, input.Len())
	for i := range everyone {
		everyone[i] = int32(i)
	}
	all := newTally("", p.K, split.Items.Len())
	ranker := scores.NewRanker(slices.Max(p.K))
	rows := multvae.Rows{Offset: input.Offset, Item: input.Item}
	_, err := m.Predict(rows, everyone, func(u int32, logits []float32) error {
		scores.Seen(p.Seen).Mask(logits, rows.Row(u))
		top, wanted := ranker.Top(logits), target.Items(int(u))
		all.add(top, wanted)
		for _, g := range groups {
			if t := g.of(input.User[u], p.K, split.Items.Len()); t != nil {
				t.add(top, wanted)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	metrics := all.metrics()
	for _, g := range groups {
		metrics = append(metrics, g.metrics(p.K)...)
	}
	return metrics, nil
}
