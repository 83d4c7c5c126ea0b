// Package evaluate holds the kinds that evaluate models and attacks.
package evaluate

import (
	"context"
	"errors"
	"fmt"
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
	Splits      []string `yaml:"splits" oneof:"test,validation" nonempty:"true"`
	Seen        string   `yaml:"seen" oneof:"exclude,zero"`
	Groups      []string `yaml:"groups"`
}

var rankingParams = &spec.Params[RankingParams]{
	Defaults: func() RankingParams {
		return RankingParams{
			K:           []int{10, 20, 50},
			Checkpoints: []string{checkpoints.Best, checkpoints.Last},
			Splits:      []string{artifact.Test},
			Seen:        string(scores.Exclude),
		}
	},
	Modes: map[string]func(*RankingParams){"published": func(p *RankingParams) { p.Seen = string(scores.Zero) }},
	Docs: spec.Docs{
		"k":           "cut-offs of the scores",
		"checkpoints": "checkpoints to evaluate",
		"splits":      "users to score. Scores of validation users serve to choose a model without the test users.",
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
	attributes.CheckUnique("splits", "", p.Splits, report)
	attributes.CheckUnique("groups", "", p.Groups, report)
}

// Ranking is evaluate/ranking.
func Ranking() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "evaluate/ranking",
		Version: 6,
		Doc: "Scores a recommender on the test users: NDCG, recall and hits, averaged over users, and coverage of the items " +
			"(Escobedo et al. 2024, section 4). The model gets a part of each user's items and must rank the others high.",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeRecommender, Or: []pipeline.Type{artifact.TypeScores}, Doc: "the recommender, or the scores of a program's recommender"},
			{Name: "latents", Type: artifact.TypeLatents, Optional: true,
				Doc: "latent vectors of the recommender. With those of encode/latents, users are not encoded again; the scores are the same. " +
					"With those of erase/leace, the model decodes vectors without the erased attributes."},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the recommender was trained on"},
		},
		Output: artifact.TypeMetrics,
		Files: []pipeline.FileDoc{
			{Name: artifact.MetricsFile, Doc: "ndcg, recall, hits (the number of a user's other items among the first k) and coverage at each k; " +
				"ndcg_gap, recall_gap and hits_gap for each attribute in groups"},
			{Name: artifact.OutcomesFile, Doc: "for each split, checkpoint and user: the user's attributes, and ndcg, recall and hits at each k"},
			{Name: artifact.NotesFile, Doc: "what captions of tables and figures must tell of a split within users: that test users are training users, and what is later than the targets"},
		},
		Numeric: true,
		Cost:    pipeline.Cost{Times: []string{"data/users.arrow", "model/last.safetensors"}, Like: []string{"checkpoints", "splits"}},
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
	add := func(m pipeline.Metric) {
		for _, user := range perUser {
			m.Name, m.Unit = user.name, artifact.UnitUser
			f.Metrics = append(f.Metrics, m)
		}
		m.Name, m.Unit = "coverage", ""
		f.Metrics = append(f.Metrics, m)
	}
	for _, checkpoint := range p.Checkpoints {
		for _, split := range p.Splits {
			for _, k := range p.K {
				m := pipeline.Metric{K: k, Split: split, Checkpoint: checkpoint}
				add(m)
				for _, m.Group = range p.Groups {
					for _, user := range perUser {
						m.Name = user.name + "_gap"
						f.Metrics = append(f.Metrics, m)
					}
				}
			}
		}
	}
	if len(p.Groups) > 0 {
		add(pipeline.Metric{Open: true})
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
	var metrics []artifact.Metric
	outcomes := &artifact.Outcomes{}
	for _, checkpoint := range p.Checkpoints {
		s, err := latents.OpenScorer(ctx, cell, checkpoint, split.Items.Len())
		if err != nil {
			return err
		}
		for _, part := range p.Splits {
			r, err := rank(ctx, s, split, part, p)
			if err == nil {
				err = outcomes.Append(r.outcomes(split, artifact.OutcomePart{Split: part, Checkpoint: checkpoint}))
			}
			if err != nil {
				return fmt.Errorf("%s checkpoint, %s users: %w", checkpoint, part, err)
			}
			for _, m := range r.metrics() {
				m.Split, m.Checkpoint = part, checkpoint
				metrics = append(metrics, m)
			}
		}
	}
	if err := artifact.WriteNotes(cell.Create, sharedNote(split)); err != nil {
		return err
	}
	return artifact.WriteEvaluation(cell.Create, metrics, outcomes)
}

// sharedNote tells the readers of a table that the models have trained on the test users.
func sharedNote(split *artifact.Split) string {
	shared, test := split.SharedUsers()
	if shared == 0 {
		return ""
	}
	users := "All"
	if shared < test {
		users = fmt.Sprintf("%d of %d", shared, test)
	}
	note := users + " test users are training users, too, with other interactions."
	switch later, known := split.FromFuture(); {
	case !known:
		return note + " The data has no times: models may have trained on interactions that came after the targets."
	case later > 0:
		return note + fmt.Sprintf(" %.3g %% of the training interactions are later than the first test target.", 100*float64(later)/float64(split.Train.Len()))
	}
	return note + " No training interaction is later than the first test target."
}

// rank ranks all items for every user of a part of the split.
func rank(ctx context.Context, s *latents.Scorer, split *artifact.Split, part string, p *RankingParams) (*ranking, error) {
	x, y := split.Held(part)
	r := &ranking{
		k:      p.K,
		items:  split.Items.Len(),
		input:  artifact.NewRows(x),
		target: artifact.NewRows(y),
		seen:   scores.Seen(p.Seen),
		ranker: scores.NewRanker(slices.Max(p.K)),
		all:    newTally("", p.K, split.Items.Len()),
	}
	var err error
	if r.groups, err = groupsOf(split, p.Groups); err != nil {
		return nil, err
	}
	if !slices.Equal(r.input.User, r.target.User) {
		return nil, errors.New("the inputs and the targets of the split belong to different users")
	}
	if r.input.Len() == 0 {
		return nil, errors.New("the split has no such users")
	}
	if s.AreLists() && r.seen == scores.Zero {
		return nil, errors.New("seen: zero needs the scores of all items, and the program wrote lists; let it write a matrix, or use seen: exclude")
	}
	if err := s.Reach(part, r.input, slices.Max(p.K)); err != nil {
		return nil, err
	}
	return r, s.Each(ctx, part, r.input, r.add)
}

// A ranking ranks the items for each user by the scores of a model.
type ranking struct {
	k      []int
	items  int
	input  artifact.Rows // items that the model gets
	target artifact.Rows
	seen   scores.Seen
	ranker *scores.Ranker
	all    *tally
	groups []grouping
	users  [][]float64 // scores of each user, from scoreUser
}

// add ranks the items of a user. It changes the scores.
func (r *ranking) add(u int, all []float32) error {
	r.seen.Mask(all, r.input.Items(u))
	top := r.ranker.Top(all)
	s := scoreUser(top, r.target.Items(u), r.k)
	r.users = append(r.users, s)
	r.all.add(s, top)
	for _, g := range r.groups {
		if t := g.of(r.input.User[u], r.k, r.items); t != nil {
			t.add(s, top)
		}
	}
	return nil
}

func (r *ranking) metrics() []artifact.Metric {
	metrics := r.all.metrics()
	for _, g := range r.groups {
		metrics = append(metrics, g.metrics(r.k)...)
	}
	return metrics
}

// outcomes returns the scores of each user, with the user's attributes.
func (r *ranking) outcomes(split *artifact.Split, part artifact.OutcomePart) *artifact.Outcomes {
	part.Rows = r.input.Len()
	o := &artifact.Outcomes{Unit: artifact.UnitUser, Parts: []artifact.OutcomePart{part}, Units: r.input.User}
	for i, k := range r.k {
		for j, m := range perUser {
			s := artifact.OutcomeSeries{Name: m.name, K: k}
			for _, user := range r.users {
				s.Values = append(s.Values, user[i*len(perUser)+j])
			}
			o.Series = append(o.Series, s)
		}
	}
	o.AddAttributes(&split.Users)
	return o
}
