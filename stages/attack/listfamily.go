package attack

import (
	"context"
	"errors"
	"fmt"

	"foil/internal/artifact"
	"foil/internal/artifact/latents"
	"foil/internal/scores"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/encode"
)

// ListFamilyParams are the parameters of attack/list-family.
type ListFamilyParams struct {
	FamilyParams

	K            int  `yaml:"k" min:"1" max:"1000000" unit:"items"`
	MinUsers     int  `yaml:"min_users" min:"1" max:"1000000" unit:"training users"`
	MatchLengths bool `yaml:"match_lengths"`
}

var listFamilyParams = &spec.Params[ListFamilyParams]{
	Defaults: func() ListFamilyParams {
		return ListFamilyParams{FamilyParams: *sharedFamilyParams.New(), K: 10, MinUsers: 10}
	},
	Docs: spec.Docs{
		"k":         "length of the recommended lists",
		"min_users": "attackers see which items are in a list. They do not see items that are in the lists of fewer training users than this.",
		"match_lengths": "make the lists of training users from a part of their items, as encode/latents does. " +
			"With the input latents, it must have the value that they were encoded with.",
	},
	Nested: []spec.Described{sharedFamilyParams},
}

// ListFamily is attack/list-family.
func ListFamily() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "attack/list-family",
		Version: 1,
		Doc: "Attacks what everybody can see of a recommender: the k items that it recommends to a user. " +
			"The attackers, their training and the choice among them are those of attack/latent-family. " +
			"They see which items are in a list, but neither scores nor the order. " +
			"Recommenders get the items of training users and the input items of the others, and never recommend these again. " +
			"So even a list of popular items tells a little about a user: a popular item that is not in it has been used.",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeRecommender, Or: []pipeline.Type{artifact.TypeScores}, Doc: "the recommender, or the scores of a program's recommender for all users"},
			{Name: "latents", Type: artifact.TypeLatents, Optional: true,
				Doc: "latent vectors of the recommender, which it decodes: those of encode/latents, or those of erase/leace to attack lists without the erased attributes"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the recommender was trained on"},
		},
		Output:    artifact.TypeMetrics,
		Files:     familyFiles("lists"),
		Draws:     true,
		Numeric:   true,
		Libraries: familyLibraries,
		Cost:      pipeline.Cost{Times: []string{"data/users.arrow"}, Like: append([]string{"k", "min_users", "match_lengths"}, familyLike...)},
	}, listFamilyParams, pipeline.Work[ListFamilyParams]{
		CheckFacts: (*ListFamilyParams).checkFacts,
		Facts:      func(p *ListFamilyParams, needs map[string]*pipeline.Facts) *pipeline.Facts { return p.facts(needs) },
		Run:        runListFamily,
	})
}

// checkFacts reports a length beyond the number of items, and a split within users, as far as they are
// known.
func (p *ListFamilyParams) checkFacts(inputs []pipeline.Input, report, _ spec.Reporter) {
	checkShared(inputs, report)
	if items, known := pipeline.AtMost(inputs, "data", "items"); known && p.K > items {
		report("k", "lists of %d items are asked for, but the data has at most %d items; lower it", p.K, items)
	}
}

func runListFamily(ctx context.Context, cell *pipeline.Cell, p *ListFamilyParams) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err == nil {
		err = checkUsers(split)
	}
	if err != nil {
		return err
	}
	if err := scores.CheckCutoff("k", p.K, split.Items.Len()); err != nil {
		return err
	}
	return runFamily(ctx, cell, &p.FamilyParams, &split.Users, func(checkpoint string) (*view, error) {
		return listView(ctx, cell, p, split, checkpoint)
	})
}

// listView recommends items to all users. Each column of the vectors is an item: 1 if it is in the
// list of the user, otherwise 0.
func listView(ctx context.Context, cell *pipeline.Cell, p *ListFamilyParams, split *artifact.Split, checkpoint string) (*view, error) {
	s, err := latents.OpenScorer(ctx, cell, checkpoint, split.Items.Len())
	if err != nil {
		return nil, err
	}
	if p.MatchLengths && s.AreGiven() {
		return nil, errors.New("match_lengths: the scores of a program are for given items of the users, and cannot be computed for others; leave it out")
	}
	train, matching, err := listedProfiles(cell, p, split, s.Latents)
	if err != nil {
		return nil, err
	}
	lists := map[string][][]int32{}
	v := &view{of: map[string]latents.Part{}, note: matchNote(matching)}
	for part, used := range map[string]artifact.Interactions{artifact.Train: train, artifact.Validation: split.ValidationInput, artifact.Test: split.TestInput} {
		rows := artifact.NewRows(used)
		v.of[part] = latents.Part{User: rows.User}
		lists[part] = make([][]int32, rows.Len())
		if err := s.Reach(part, rows, p.K); err != nil {
			return nil, err
		}
		ranker := scores.NewRanker(p.K)
		err := s.Each(ctx, part, rows, func(u int, all []float32) error {
			scores.Exclude.Mask(all, rows.Items(u))
			lists[part][u] = append([]int32(nil), ranker.Top(all)...)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s users: %w", part, err)
		}
	}
	column, width := listColumns(lists[artifact.Train], split.Items.Len(), p.MinUsers)
	if width == 0 {
		return nil, fmt.Errorf("no item is in the lists of %d training users; lower min_users", p.MinUsers)
	}
	cell.Logf("%s checkpoint: %d of %d items are in the lists of at least %d training users", checkpoint, width, split.Items.Len(), p.MinUsers)
	v.width = width
	for part, x := range v.of {
		x.Z = make([]float32, len(x.User)*width)
		for u, list := range lists[part] {
			for _, item := range list {
				if c := column[item]; c >= 0 {
					x.Z[u*width+c] = 1
				}
			}
		}
		v.of[part] = x
	}
	return v, nil
}

// listedProfiles are the items of training users that the recommender gets. Latent vectors have been
// made from such items already.
func listedProfiles(cell *pipeline.Cell, p *ListFamilyParams, split *artifact.Split, l *latents.Latents) (artifact.Interactions, *latents.Matching, error) {
	seed := cell.Seed
	if l != nil {
		if p.MatchLengths != (l.Matched != nil) {
			return artifact.Interactions{}, nil, fmt.Errorf("match_lengths is %v here, but %v for the latent vectors; give both stages the same value", p.MatchLengths, l.Matched != nil)
		}
		if l.Matched != nil {
			seed = l.Matched.Seed
		}
	}
	if !p.MatchLengths {
		return split.Train, nil, nil
	}
	return encode.MatchLengths(split, seed)
}

// listColumns numbers the items that are in enough lists; the others are -1.
func listColumns(lists [][]int32, items, least int) (column []int, width int) {
	column = make([]int, items)
	for _, list := range lists {
		for _, item := range list {
			column[item]++
		}
	}
	for item, n := range column {
		if n < least {
			column[item] = -1
			continue
		}
		column[item] = width
		width++
	}
	return column, width
}
