package split

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

// UserKFoldParams are the parameters of split/user-kfold.
type UserKFoldParams struct {
	Folds   int     `yaml:"folds" min:"3"`
	Fold    int     `yaml:"fold" required:"true" min:"0"`
	HoldOut float64 `yaml:"holdout" above:"0" max:"0.99"`
	Seed    uint32  `yaml:"seed"`
}

var userKFoldParams = &spec.Params[UserKFoldParams]{
	Defaults: func() UserKFoldParams { return UserKFoldParams{Folds: 5, HoldOut: 0.8, Seed: 42} },
	Docs: spec.Docs{
		"folds": "number of folds that the users are divided into",
		"fold": "number of this split, from 0 to folds-1. It is also the number of the first training fold. " +
			"Counted from there, in a circle, the last two folds are for validation and test.",
		"holdout": "share of a held-out user's interactions that are targets; the others are input",
		"seed":    "seed of the shuffles, as for scikit-learn; published splits use 42, whatever the seed of the experiment",
	},
	Check: (*UserKFoldParams).check,
}

func (p *UserKFoldParams) check(report spec.Reporter) {
	if p.Fold >= p.Folds {
		report("fold", "%d does not exist with %d folds; use 0 to %d", p.Fold, p.Folds, p.Folds-1)
	}
}

// UserKFold divides users into training, validation and test.
func UserKFold() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "split/user-kfold",
		Version: 1,
		Doc: "Divides users into training, validation and test by folds, " +
			"and the interactions of held-out users into input and target. " +
			"Folds are those of scikit-learn's KFold(folds, shuffle, seed). " +
			"Targets are those of its train_test_split(holdout, seed) over all interactions of a part, ordered by user, then item. " +
			"Items without a training user are dropped, then held-out users without input or target.",
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to divide"}},
		Output: artifact.TypeSplit,
		Files: []pipeline.FileDoc{
			{Name: artifact.TrainFile, Doc: "interactions of the training users"},
			{Name: artifact.ValidationInputFile, Doc: "interactions of the validation users that the model gets"},
			{Name: artifact.ValidationTargetFile, Doc: "interactions of the validation users that the model must predict"},
			{Name: artifact.TestInputFile, Doc: "interactions of the test users that the model gets"},
			{Name: artifact.TestTargetFile, Doc: "interactions of the test users that the model must predict"},
			{Name: artifact.UsersFile, Doc: "the remaining users, with their attributes and part (train, validation, test)"},
			{Name: artifact.ItemsFile, Doc: "the remaining items"},
		},
	}, userKFoldParams, pipeline.Work[UserKFoldParams]{Facts: pipeline.PassOn[UserKFoldParams]("interactions"), Run: runUserKFold})
}

func runUserKFold(ctx context.Context, cell *pipeline.Cell, p *UserKFoldParams) error {
	in, err := artifact.ReadDataset(func(file string) (string, error) { return cell.Input("interactions", file) })
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	out, err := userKFold(in, p)
	if err != nil {
		return err
	}
	return out.Write(cell.Create)
}

func userKFold(in *artifact.Dataset, p *UserKFoldParams) (*artifact.Split, error) {
	if in.Users.Len() < p.Folds {
		return nil, fmt.Errorf("%d users cannot be divided into %d folds; lower folds", in.Users.Len(), p.Folds)
	}
	part := parts(in.Users.Len(), p)
	train := ofPart(in.Interactions, part, artifact.Train, nil)
	items := artifact.NewRenumbering(in.Items.Len())
	items.Keep(train.Item)

	validation := ofPart(in.Interactions, part, artifact.Validation, &items)
	test := ofPart(in.Interactions, part, artifact.Test, &items)
	out := &artifact.Split{Train: train}
	out.ValidationInput, out.ValidationTarget = divide(validation, in.Users.Len(), p)
	out.TestInput, out.TestTarget = divide(test, in.Users.Len(), p)
	for _, x := range []struct {
		name  string
		pairs int
	}{{artifact.Train, train.Len()}, {artifact.Validation, out.ValidationInput.Len()}, {artifact.Test, out.TestInput.Len()}} {
		if x.pairs == 0 {
			return nil, fmt.Errorf("the %s part of fold %d is empty: %d interactions of %d users are too few for %d folds; lower folds",
				x.name, p.Fold, in.Interactions.Len(), in.Users.Len(), p.Folds)
		}
	}

	users := artifact.NewRenumbering(in.Users.Len())
	for _, x := range out.Parts() {
		users.Keep(x.User)
	}
	for _, x := range out.Parts() {
		*x = x.Renumbered(users, items)
	}
	out.Users, out.Items = in.Users.Select(users.Kept()), in.Items.Select(items.Kept())
	for _, u := range users.Kept() {
		out.Users.Part = append(out.Users.Part, part[u])
	}
	return out, nil
}

// parts returns the part of every user. Counted from the split's own fold, in a circle, the last
// fold is for test and the one before it for validation.
func parts(users int, p *UserKFoldParams) []string {
	part := make([]string, users)
	for u, f := range kFold(users, p.Folds, p.Seed) {
		switch (f - p.Fold + p.Folds) % p.Folds {
		case p.Folds - 1:
			part[u] = artifact.Test
		case p.Folds - 2:
			part[u] = artifact.Validation
		default:
			part[u] = artifact.Train
		}
	}
	return part
}

// ofPart returns the pairs of a part's users. With items, it drops items that are not kept.
func ofPart(x artifact.Interactions, part []string, want string, items *artifact.Renumbering) artifact.Interactions {
	return x.Where(func(i int) bool { return part[x.User[i]] == want && (items == nil || items.Has(x.Item[i])) })
}

// divide divides the pairs of all users at once into input and targets. It drops users without
// input or without targets.
func divide(x artifact.Interactions, users int, p *UserKFoldParams) (input, target artifact.Interactions) {
	inputs, _ := holdOut(x.Len(), p.HoldOut, p.Seed)
	isInput := make([]bool, x.Len())
	for _, i := range inputs {
		isInput[i] = true
	}
	hasInput, hasTarget := make([]bool, users), make([]bool, users)
	for i, u := range x.User {
		hasInput[u] = hasInput[u] || isInput[i]
		hasTarget[u] = hasTarget[u] || !isInput[i]
	}
	both := func(i int) bool { return hasInput[x.User[i]] && hasTarget[x.User[i]] }
	input = x.Where(func(i int) bool { return both(i) && isInput[i] })
	target = x.Where(func(i int) bool { return both(i) && !isInput[i] })
	return input, target
}
