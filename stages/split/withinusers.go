package split

import (
	"errors"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
)

// The parts of a pair in a split within users.
const (
	toTrain = iota
	toValidation
	toTest
)

var withinUsersFiles = []pipeline.FileDoc{
	{Name: artifact.TrainFile, Doc: "interactions to train on"},
	{Name: artifact.ValidationInputFile, Doc: "the training interactions of users with a validation target, which the model gets"},
	{Name: artifact.ValidationTargetFile, Doc: "interactions that the model must predict, to choose an epoch"},
	{Name: artifact.TestInputFile, Doc: "the training and validation interactions of users with a test target, which the model gets"},
	{Name: artifact.TestTargetFile, Doc: "interactions that the model must predict"},
	{Name: artifact.UsersFile, Doc: "the remaining users, with their attributes"},
	{Name: artifact.ItemsFile, Doc: "the remaining items"},
}

// weakDoc says what all splits within users have in common.
const weakDoc = "Test users are training users, too (weak generalisation); a pair is never both in training and a target. " +
	"Items without a training interaction are dropped, then targets of users without input; a note counts them. " +
	"Attacks on attributes of users need users that the attackers have not seen: they refuse this split."

// weakFacts says that the test users are training users.
func weakFacts[P any](p *P, needs map[string]*pipeline.Facts) *pipeline.Facts {
	f := pipeline.PassOn[P]("interactions")(p, needs)
	if f == nil {
		f = &pipeline.Facts{}
	}
	f.SharedUsers = true
	return f
}

// withinUsers makes a split of pairs that have been given to the parts.
func withinUsers(cell *pipeline.Cell, in *artifact.Dataset, part []uint8) (*artifact.Split, error) {
	x := in.Interactions
	out := &artifact.Split{Train: x.Where(func(i int) bool { return part[i] == toTrain })}
	if out.Train.Len() == 0 {
		return nil, fmt.Errorf("none of the %d interactions is left to train on; lower validation and test", x.Len())
	}
	items := artifact.NewRenumbering(in.Items.Len())
	items.Keep(out.Train.Item)
	is := func(i int, parts ...uint8) bool {
		for _, p := range parts {
			if part[i] == p && items.Has(x.Item[i]) {
				return true
			}
		}
		return false
	}
	var kept, lost [3]int
	held := func(target uint8, input ...uint8) (given, of artifact.Interactions) {
		hasInput, hasTarget := make([]bool, in.Users.Len()), make([]bool, in.Users.Len())
		for i, u := range x.User {
			hasInput[u] = hasInput[u] || is(i, input...)
			hasTarget[u] = hasTarget[u] || is(i, target)
		}
		given = x.Where(func(i int) bool { u := x.User[i]; return hasInput[u] && hasTarget[u] && is(i, input...) })
		of = x.Where(func(i int) bool { return hasInput[x.User[i]] && is(i, target) })
		kept[target] = of.Len()
		return given, of
	}
	out.ValidationInput, out.ValidationTarget = held(toValidation, toTrain)
	out.TestInput, out.TestTarget = held(toTest, toTrain, toValidation)
	for _, p := range part {
		lost[p]++
	}
	for p, name := range map[int]string{toValidation: artifact.Validation, toTest: artifact.Test} {
		if kept[p] == 0 {
			return nil, fmt.Errorf("there are no %s targets: %d of %d interactions were chosen, but none of a user with input and of an item that is trained; raise %s, or filter rare items first (filter/k-core)",
				name, lost[p], x.Len(), name)
		}
	}
	if n := lost[toValidation] + lost[toTest] - kept[toValidation] - kept[toTest]; n > 0 {
		cell.Note("%d of %d targets are dropped: their items are not in training, or their users have no input", n, lost[toValidation]+lost[toTest])
	}
	users := artifact.NewRenumbering(in.Users.Len())
	for _, x := range out.Parts() {
		users.Keep(x.User)
	}
	for _, x := range out.Parts() {
		*x = x.Renumbered(users, items)
	}
	out.Users, out.Items = in.Users.Select(users.Kept()), in.Items.Select(items.Kept())
	cell.Logf("%d training interactions; targets: %d of validation, %d of test", out.Train.Len(), out.ValidationTarget.Len(), out.TestTarget.Len())
	noteFuture(cell, out)
	return out, nil
}

// noteFuture tells what a split within users cannot promise: that models train only on what came
// before the targets.
func noteFuture(cell *pipeline.Cell, s *artifact.Split) {
	later, known := s.FromFuture()
	switch {
	case !known:
		cell.Note("the interactions have no times: a model may train on interactions that came after the targets that it is tested on")
	case later > 0:
		cell.Note("%d of %d training interactions are later than the first test target: a model may learn from other users what came after a target; split/temporal with by: global prevents that",
			later, s.Train.Len())
	}
}

// readTimed reads interactions that must have times.
func readTimed(cell *pipeline.Cell, needed bool) (*artifact.Dataset, error) {
	in, err := artifact.ReadDataset(cell.Inputs["interactions"].Path)
	if err == nil && needed && in.Interactions.Time == nil {
		err = errors.New("the interactions have no times; with load/csv, name their column with the parameter timestamp")
	}
	return in, err
}
